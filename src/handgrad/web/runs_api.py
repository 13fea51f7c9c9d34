"""Requests about runs: the table, curves, differences and downloads."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from handgrad.interop.run_files import FORMATS
from handgrad.text import in_file_name
from handgrad.training.log_reading import epochs_of, lines_after
from handgrad.training.run_folder import RunFolder
from handgrad.training.run_state import state_of
from handgrad.web.handles import looked_up
from handgrad.web.looks import gallery
from handgrad.web.state import Server

Start = Annotated[int, Query(ge=0, le=2**62)]
DATA = "dataset.name"
api = APIRouter(prefix="/api/runs")


@api.get("")
def table(server: Server) -> Any:
    """All runs, the most recently changed first."""
    found = [_row(server, *each) for each in server.home.run_folders().items()]
    return sorted(found, key=lambda row: -row["changed"])


def _row(server: Server, run: str, path: Path) -> dict[str, Any]:
    row = vars(server.table.row(path))
    return {"id": run, **row, "settings": _named(server, row["settings"])}


def _named(server: Server, settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with the name of a data set of one's own, not its path."""
    data = server.data.named(str(settings.get(DATA, "")))
    return {**settings, **({DATA: data} if data else {})}


@api.get("/{run}")
def one(server: Server, run: str) -> Any:
    """One run, with what was derived from its data."""
    path = server.home.run(run)
    resolved = RunFolder.open(path).config.resolved
    about = resolved.model_dump(mode="json") if resolved else {}
    return {**_row(server, run, path), "resolved": about}


@api.get("/{run}/epochs")
def epochs(server: Server, run: str) -> Any:
    """All epochs of a run."""
    return epochs_of(server.home.run(run))


@api.get("/{run}/live")
def live(server: Server, run: str, steps: Start = 0, metrics: Start = 0) -> Any:
    """The state of a run, and what its logs hold after these bytes."""
    path = server.jobs.begun().get(run) or server.home.run(run)
    lines, after = lines_after(server.home.live / f"{path.name}.jsonl", steps)
    logged, log_after = lines_after(path / "metrics.jsonl", metrics)
    ended = [row for row in logged if row.get("kind") == "epoch"]
    state = server.jobs.state(run, path)
    return {
        **{name: server.data.named(text) for name, text in state.items()},
        "steps": {"rows": lines, "after": after},
        "epochs": {"rows": ended, "after": log_after},
    }


@api.get("/{first}/difference/{second}")
def difference(server: Server, first: str, second: str) -> Any:
    """The settings in which two runs differ, each with both values."""
    rows = (server.table.row(server.home.run(run)) for run in (first, second))
    one, two = (replace(row, settings=_named(server, row.settings)) for row in rows)
    return one.difference(two)


@api.get("/{first}/flipped/{second}")
def flipped(server: Server, first: str, second: str) -> Any:
    """The test images that only one of two runs classifies correctly."""
    found = []
    for run in (first, second):
        loaded = server.networks.get(server.home.run(run))
        with loaded.lock:
            found.append(loaded.predictions(""))
    one, two = found
    gained, lost = one.changes(two)
    return {
        "classes": list(one.class_names),
        "gained": gallery(one, gained),
        "lost": gallery(two, lost),
        "counts": [len(gained), len(lost)],
    }


@api.get("/{run}/download/{kind}")
def download(server: Server, run: str, kind: str) -> Response:
    """A file to take away."""
    path = server.home.run(run)
    found = looked_up("format", FORMATS, kind)
    name = f"{in_file_name(path.name) or 'run'}.{found.ending}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    content = found.content(path)
    return Response(content, media_type="application/octet-stream", headers=headers)


@api.post("/{run}/{action}")
def act(server: Server, run: str, action: str) -> Any:
    """Pause, stop or resume a training."""
    jobs = server.jobs
    actions = {"pause": jobs.pause, "stop": jobs.stop, "resume": jobs.resume}
    do = looked_up("action", actions, action)
    path = jobs.begun().get(run) or server.home.run(run)
    do(run, path)
    return {"state": state_of(path)}
