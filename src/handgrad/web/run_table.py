"""The table of all runs: settings, state and results of each, read from its files."""

import json
import os
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handgrad.errors import HandgradError
from handgrad.text import decoded
from handgrad.training.ownership import living_owner
from handgrad.web.handles import Home

READ = ("config.toml", "result.json", "metrics.jsonl", "non_finite.json")
TAIL = 4096  # bytes of a log that hold its last epoch
RESULTS = (
    *("test_accuracy", "validation_accuracy", "train_accuracy"),
    *("test_loss", "validation_loss", "train_loss", "epoch", "best_epoch"),
    *("seconds", "parameters"),
)
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class RunRow:
    """One run: handle, name, state, settings by dotted name, and results.

    Units
        changed  seconds since 1970
    """

    id: str
    name: str
    state: str
    changed: float
    settings: dict[str, Any]
    results: dict[str, Any]


class RunTable:
    """All runs of a folder; a run is read again only when its files have changed."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._kept: dict[str, tuple[Stamp, RunRow]] = {}

    def rows(self) -> list[RunRow]:
        """All runs, the most recently changed first."""
        folders = self.home.run_folders()
        found = [self.row(handle, path) for handle, path in folders.items()]
        return sorted(found, key=lambda row: -row.changed)

    def row(self, handle: str, path: Path) -> RunRow:
        """The row of one run."""
        stamp = _stamp(path)
        kept = self._kept.get(handle)
        if kept is not None and kept[0] == stamp and kept[1].state not in LIVING:
            return kept[1]
        row = read_row(handle, path)
        self._kept[handle] = stamp, row
        return row


LIVING = ("running", "paused")


def state_of(path: Path) -> str:
    """running, paused, finished, failed or stopped."""
    owner = living_owner(path)
    if owner:
        return "paused" if _is_suspended(owner.get("process")) else "running"
    if (path / "result.json").is_file():
        return "finished"
    return "failed" if (path / "non_finite.json").is_file() else "stopped"


def read_row(handle: str, path: Path) -> RunRow:
    """Read the row of a run from its files; a damaged file leaves its part empty."""
    epoch, result = last_epoch(path), _json(path / "result.json")
    found = {**epoch, **result}
    return RunRow(
        id=handle,
        name=decoded(path.name),
        state=state_of(path),
        changed=max(stamp[1] for stamp in _stamp(path)) / 1e9,
        settings=settings_of(path),
        results={name: found[name] for name in RESULTS if found.get(name) is not None},
    )


def settings_of(path: Path) -> dict[str, Any]:
    """The settings of a run by dotted name, without those derived from the data."""
    try:
        tables = tomllib.loads((path / "config.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    tables.pop("resolved", None)
    return dict(_flat("", tables))


def last_epoch(path: Path) -> dict[str, Any]:
    """The last complete epoch of a log, read from its end."""
    lines = _tail(path / "metrics.jsonl")
    for line in reversed(lines):
        if '"kind": "epoch"' in line:
            return _parsed(line)
    return {}


def _tail(path: Path) -> list[str]:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            return file.read().decode(errors="replace").split("\n")[:-1]
    except OSError:
        return []


def _flat(prefix: str, value: Any) -> Any:
    """Pairs of dotted name and value; a list is one value, as JSON."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else name, inner)
    else:
        yield prefix, json.dumps(value) if isinstance(value, list) else value


def _json(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _stamp(path: Path) -> Stamp:
    """What changes when one of the files that a row is read from does."""
    found = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name in READ or entry.name.startswith("owner-"):
                with suppress(FileNotFoundError):  # a process has just replaced it
                    about = entry.stat()
                    found.append((entry.name, about.st_mtime_ns, about.st_size))
    return tuple(sorted(found)) or (("", 0, 0),)


def _is_suspended(process: Any) -> bool:
    import psutil

    try:
        return bool(psutil.Process(process).status() == psutil.STATUS_STOPPED)
    except (psutil.Error, ValueError, TypeError):
        return False


def epochs_of(path: Path) -> list[dict[str, Any]]:
    """All epochs of a run; of a damaged log those before the damage."""
    try:
        text = (path / "metrics.jsonl").read_text("utf-8", errors="replace")
    except OSError:
        return []
    lines = [line for line in text.split("\n")[:-1] if '"kind": "epoch"' in line]
    return [found for found in map(_parsed, lines) if found]


def lines_after(path: Path, start: int) -> tuple[list[dict[str, Any]], int]:
    """The complete lines of a log after a byte, and the byte where they end.

    A log that has become shorter, since the run went back to a checkpoint, is read
    from its beginning.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = start if start <= size else 0
            file.seek(start)
            content = file.read()
    except (OSError, HandgradError):
        return [], 0
    whole, _, _ = content.rpartition(b"\n")
    if not whole:
        return [], start
    lines = whole.decode(errors="replace").split("\n")
    return [found for found in map(_parsed, lines) if found], start + len(whole) + 1
