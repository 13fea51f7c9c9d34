"""The application: all routes behind the guard, and the files of the front end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from handgrad.errors import HandgradError, sentence
from handgrad.web import data_api, look_api, runs_api, studies_api, train_api
from handgrad.web.guard import Guard
from handgrad.web.handles import MissingError
from handgrad.web.state import State, state_in

STATIC = Path(__file__).parent / "static"
KINDS = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


def make_app(runs: Path, *, token: str, port: int) -> Guard:
    """The application for the run folders in `runs`, behind a token, on one port."""
    state = State(runs)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        state.jobs.open()
        yield
        state.jobs.close()

    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.handgrad = state
    add_routes(app)
    return Guard(app, token=token, port=port)


def add_routes(app: FastAPI) -> None:
    """Every route of the server."""
    files = {path.name: path.read_bytes() for path in sorted(STATIC.iterdir())}

    @app.get("/")
    def page() -> Response:
        return Response(files["index.html"], media_type=KINDS[".html"])

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in files:
            raise MissingError("The page has no file of this name. Reload it.")
        return Response(files[name], media_type=KINDS[Path(name).suffix])

    for part in (runs_api, train_api, look_api, data_api, studies_api):
        app.include_router(part.api)
    app.add_exception_handler(HandgradError, _of_error)
    app.add_exception_handler(RequestValidationError, _of_request)
    app.add_exception_handler(HTTPException, _of_http)


def _of_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HandgradError)
    code = 404 if isinstance(error, MissingError) else 400
    said = state_in(request).data.named(sentence(error))
    return JSONResponse({"error": said}, status_code=code)


def _of_request(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first: dict[str, Any] = dict(error.errors()[0])
    place = ".".join(map(str, first["loc"][1:])) or "the body"
    said = f"{place}: {first['msg'][:1].lower()}{first['msg'][1:]}. Change it."
    return JSONResponse({"error": said}, status_code=422)


def _of_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": f"{error.detail}."}, status_code=error.status_code)
