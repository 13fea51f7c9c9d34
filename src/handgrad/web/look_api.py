"""Requests about what a trained network sees and answers."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from handgrad.web import looks
from handgrad.web.state import Server

Split = Literal["", "test", "validation", "train"]
Number = Annotated[int, Query(ge=0, le=10_000_000)]
api = APIRouter(prefix="/api/look/{run}")


@api.post("/picture")
async def picture(server: Server, run: str, request: Request) -> Any:
    """The scores of an image, which is the body of the request."""
    content = await request.body()
    return await run_in_threadpool(_look, server, run, looks.answer_to, content)


def _look(server: Server, run: str, look: Callable[..., Any], *options: Any) -> Any:
    """What a function finds in the network of a run, while no other thread uses it."""
    loaded = server.networks.get(server.home.run(run))
    with loaded.lock:
        return look(loaded, *options)


@api.get("/images")
def images(server: Server, run: str, split: Split = "") -> Any:
    """The number of images of a split, and which splits there are."""
    return _look(server, run, looks.images_of, split)


@api.get("/confusion")
def confusion(server: Server, run: str, split: Split = "") -> Any:
    """The confusion matrix of a split, and its worst mistakes."""
    return _look(server, run, looks.confusion_of, split)


@api.get("/cell")
def cell(
    server: Server, run: str, true: Number, predicted: Number, split: Split = ""
) -> Any:
    """The images of one cell of the confusion matrix."""
    return _look(server, run, looks.cell_of, split, true, predicted)


@api.get("/filters")
def filters(server: Server, run: str) -> Any:
    """The weights of the first layer as images."""
    return _look(server, run, looks.filters_of)


@api.get("/trace")
def trace(server: Server, run: str, image: Number = 0, split: Split = "") -> Any:
    """Every array of the forward and backward pass of one image."""
    return _look(server, run, looks.trace_of, split, image)


@api.get("/occlusion")
def occlusion(server: Server, run: str, image: Number = 0, split: Split = "") -> Any:
    """How much each part of an image, hidden, lowers the probability of its class."""
    return _look(server, run, looks.occlusion_of, split, image)


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
    return _look(server, run, looks.gradient_of, split, image, layer, parameter, entry)
