"""Requests about the studies of the package: their rows, runs and reports."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from handgrad.web.state import Server

OF_REPORT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
api = APIRouter(prefix="/api/studies")


@api.get("")
def studies(server: Server) -> Any:
    """All studies, with their state."""
    return server.studies.rows()


@api.get("/{name}")
def study(server: Server, name: str) -> Any:
    """One study, with its state."""
    return server.studies.about(name)


@api.post("/{name}/rows/{row}")
def start(server: Server, name: str, row: str) -> Any:
    """Run the quick trials of a row that are missing."""
    server.studies.start(name, row)
    return {}


@api.post("/{name}/stop")
def stop(server: Server, name: str) -> Any:
    """End the process of a study; what is done stays."""
    server.studies.stop(name)
    return {}


@api.get("/{name}/report")
def report(server: Server, name: str) -> Response:
    """The report of a study, shown without scripts."""
    content = server.studies.report(name).read_bytes()
    return HTMLResponse(content, headers={"content-security-policy": OF_REPORT})
