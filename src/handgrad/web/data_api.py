"""Requests about data: the catalogue, samples, and data sets of one's own."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from handgrad import datasets
from handgrad.datasets.sources import SOURCES, check_is_here, overview
from handgrad.inspection.encoded_arrays import encoded_samples
from handgrad.web.looks import SMALL
from handgrad.web.settings import data_name
from handgrad.web.state import Server

EACH = 12  # samples of a class
Name = Annotated[str, Query(min_length=1, max_length=200)]
api = APIRouter(prefix="/api/data")


@api.get("")
def listed(server: Server) -> Any:
    """The data sets of the catalogue, and those of one's own."""
    return {"known": overview(), "own": server.data.rows()}


@api.post("")
def create(server: Server, name: Name) -> Any:
    """Make an empty data set."""
    return {"id": server.data.create(name)}


@api.post("/zip")
async def from_zip(server: Server, name: Name, request: Request) -> Any:
    """Make a data set of a zip of images, which is the body of the request."""
    content = await request.body()
    return {"id": await run_in_threadpool(server.data.create, name, content)}


@api.get("/{data}")
def one(server: Server, data: str) -> Any:
    """Classes, counts and samples of a data set."""
    check_is_here(data)
    path = data_name(data, server.data.paths())
    found = datasets.load(path, skip_bad=True)
    count, train = len(found.class_names), found.train
    return {
        "name": data if data in SOURCES else server.data.folder(data).name,
        "path": path,
        "classes": list(found.class_names),
        "counts": np.bincount(train.targets, minlength=count).tolist(),
        "shape": train.image_shape,
        "test": 0 if found.test is None else len(found.test),
        "skipped": [server.data.named(why) for why in found.skipped.values()],
        "samples": encoded_samples(train.images, train.targets, count, EACH, SMALL),
    }


@api.post("/{data}/pictures")
async def add(server: Server, data: str, label: Name, request: Request) -> Any:
    """Add an image, which is the body of the request, to a class."""
    content = await request.body()
    return {"count": await run_in_threadpool(server.data.add, data, label, content)}


@api.post("/{data}/pictures/remove")
def remove_last(server: Server, data: str, label: Name) -> Any:
    """Remove the last image of a class."""
    server.data.remove_last(data, label)
    return {}


@api.post("/{data}/remove")
def remove(server: Server, data: str) -> Any:
    """Remove a data set of one's own."""
    server.data.remove(data)
    return {}
