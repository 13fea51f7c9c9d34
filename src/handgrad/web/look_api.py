"""Requests about what a trained network sees and answers."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from handgrad.web import looks
from handgrad.web.pictures import answer
from handgrad.web.state import Server

Split = Literal["", "test", "validation", "train"]
Number = Annotated[int, Query(ge=0, le=10_000_000)]
api = APIRouter(prefix="/api/look/{run}")


@api.post("/picture")
async def picture(server: Server, run: str, request: Request) -> Any:
    """The scores of a picture, which is the body of the request."""
    content = await request.body()
    return await run_in_threadpool(_answer, server, run, content)


def _answer(server: Server, run: str, content: bytes) -> Any:
    loaded = server.networks.get(server.home.run(run))
    with loaded.lock:
        return answer(loaded.network, content)


@api.get("/confusion")
def confusion(server: Server, run: str, split: Split = "") -> Any:
    """The confusion matrix of a split, and its worst mistakes."""
    loaded = server.networks.get(server.home.run(run))
    with loaded.lock:
        return looks.confusion_of(loaded, split)


@api.get("/cell")
def cell(
    server: Server, run: str, true: Number, predicted: Number, split: Split = ""
) -> Any:
    """The images of one cell of the confusion matrix."""
    loaded = server.networks.get(server.home.run(run))
    with loaded.lock:
        return looks.cell_of(loaded, split, true, predicted)


@api.get("/filters")
def filters(server: Server, run: str) -> Any:
    """The weights of the first layer as pictures."""
    return looks.filters_of(server.networks.get(server.home.run(run)))


@api.get("/trace")
def trace(server: Server, run: str, image: Number = 0, split: Split = "") -> Any:
    """Every array of the forward and backward pass of one image."""
    loaded = server.networks.get(server.home.run(run))
    with loaded.lock:
        return looks.trace_of(loaded, split, image)


@api.get("/gradient")
def gradient(
    server: Server,
    run: str,
    layer: str,
    parameter: Literal["weight", "bias"],
    entry: Annotated[int, Query(ge=0, le=2**40)],
    image: Number = 0,
    split: Split = "",
) -> Any:
    """One entry of a gradient, and its finite difference."""
    loaded = server.networks.get(server.home.run(run))
    with loaded.lock:
        return looks.gradient_of(loaded, split, image, layer, parameter, entry)
