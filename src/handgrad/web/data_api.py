"""Requests about data: the catalogue, samples, data sets of one's own, and studies."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from handgrad import datasets
from handgrad.datasets.local_copies import find
from handgrad.datasets.source import Source
from handgrad.datasets.sources import SOURCES
from handgrad.errors import DatasetError
from handgrad.web.handles import looked_up
from handgrad.web.looks import samples_of
from handgrad.web.settings import data_name
from handgrad.web.state import Server

EACH = 12  # samples of a class
PAGE = "report.html"  # as `handgrad study report` names it
OF_REPORT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
Name = Annotated[str, Query(min_length=1, max_length=200)]
api = APIRouter(prefix="/api/data")
studies_api = APIRouter(prefix="/api/studies")


@api.get("")
def listed(server: Server) -> Any:
    """The data sets of the catalogue, and those of one's own."""
    known = [
        {
            "id": name,
            "name": name,
            "description": source.description,
            "images": source.train_shape[0],
            "shape": source.train_shape[1:],
            "is_here": _is_here(source),
        }
        for name, source in SOURCES.items()
    ]
    return {"known": known, "own": server.data.rows()}


@api.post("")
def create(server: Server, name: Name) -> Any:
    """Make an empty data set."""
    return {"id": server.data.create(name)}


@api.post("/zip")
async def from_zip(server: Server, name: Name, request: Request) -> Any:
    """Make a data set of a zip of pictures, which is the body of the request."""
    content = await request.body()
    return {"id": await run_in_threadpool(server.data.create, name, content)}


@api.get("/{data}")
def one(server: Server, data: str) -> Any:
    """Classes, counts and samples of a data set."""
    source = SOURCES.get(data)
    if source is not None and not _is_here(source):
        raise DatasetError(
            f"{data} is not on this machine. To download it: handgrad data fetch {data}"
        )
    found = datasets.load(data_name(data, server.data.paths()))
    count, train = len(found.class_names), found.train
    return {
        "name": data if source is not None else server.data.about(data)["name"],
        "classes": list(found.class_names),
        "counts": np.bincount(train.targets, minlength=count).tolist(),
        "shape": train.image_shape,
        "test": 0 if found.test is None else len(found.test),
        "skipped": list(found.skipped.values()),
        "samples": samples_of(train.images, train.targets, count, EACH),
    }


@api.post("/{data}/pictures")
async def add(server: Server, data: str, label: Name, request: Request) -> Any:
    """Add a picture, which is the body of the request, to a class."""
    content = await request.body()
    return {"count": await run_in_threadpool(server.data.add, data, label, content)}


def _is_here(source: Source) -> bool:
    return not source.files or find(source, None) is not None


@studies_api.get("")
def studies(server: Server) -> Any:
    """The studies that come with the package."""
    from handgrad.studies import library  # slow to import

    return [_study(server, name) for name in library.names()]


@studies_api.get("/{name}/report")
def report(server: Server, name: str) -> Response:
    """The report of a study, shown without scripts."""
    from handgrad.studies import library

    known = {each: server.studies / each / PAGE for each in library.names()}
    path = looked_up("study", known, name)
    if not path.is_file():
        raise DatasetError(
            f"{name} has no report yet. To make it: handgrad study report {name}"
        )
    headers = {"content-security-policy": OF_REPORT}
    return HTMLResponse(path.read_bytes(), headers=headers)


def _study(server: Server, name: str) -> dict[str, Any]:
    """A study: its title, its questions, and whether there is a report."""
    from handgrad.studies import library

    study = library.find(name)
    questions = {row: each.question for row, each in study.experiments.items()}
    return {
        "name": name,
        "title": study.about.title,
        "report": study.about.report,
        "has_report": (server.studies / name / PAGE).is_file(),
        "rows": [{"row": row, "question": text} for row, text in questions.items()],
    }
