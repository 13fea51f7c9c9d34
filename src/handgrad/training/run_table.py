"""A table of runs: settings, state and results of each, read from its files."""

import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handgrad.errors import RunError
from handgrad.paths import path_of
from handgrad.text import decoded
from handgrad.training.log_reading import last_epoch, table_in
from handgrad.training.run_folder import RUNS
from handgrad.training.run_state import LIVING, state_of

READ = ("config.toml", "result.json", "metrics.jsonl", "non_finite.json")
RESULTS = (
    *("test_accuracy", "validation_accuracy", "train_accuracy"),
    *("test_loss", "validation_loss", "train_loss", "epoch", "best_epoch"),
    *("seconds", "parameters"),
)
IMAGES = "images"
COLOURS = (1, 3)  # channels of an image file
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class RunRow:
    """One run: name, state, settings by dotted name, and results.

    `state` is that of `state_of`; a result that does not exist yet is left out.
    `inputs` is "images" for a network of images of bytes in grey or colour, and else
    says what it takes.

    Units
        changed  seconds since 1970
    """

    name: str
    state: str
    changed: float
    settings: dict[str, Any]
    results: dict[str, Any]
    inputs: str = IMAGES

    def difference(self, other: "RunRow") -> dict[str, tuple[Any, Any]]:
        """The settings in which this row and the `other` differ, with both values."""
        one, two = self.settings, other.settings
        names = [name for name in {**one, **two} if one.get(name) != two.get(name)]
        return {name: (one.get(name), two.get(name)) for name in names}


def runs(folder: str | Path = RUNS) -> list[dict[str, Any]]:
    """All runs in a `folder`, the most recently changed first, as plain values.

    Each has `run`, its folder, and `state`: running, paused, finished, failed or
    stopped; the settings by dotted name, such as `training.epochs`, and the results. A
    damaged file leaves its part out. RunError if there is no such folder.

    Units
        changed  seconds since 1970

    Example
        runs("runs")[0]["test_accuracy"]
    """
    place = path_of("runs", "folder", folder, RunError)
    if not place.is_dir():
        raise RunError(f"{place} is not a folder. Give the folder of the run folders.")
    found = [_plain(path, read_row(path)) for path in run_folders(place)]
    return sorted(found, key=lambda row: -row["changed"])


def _plain(path: Path, row: RunRow) -> dict[str, Any]:
    about = {"run": str(path), "state": row.state, "changed": row.changed}
    return {**about, **row.settings, **row.results}


def run_folders(folder: Path) -> list[Path]:
    """The run folders in a folder, by name."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in paths if (path / "config.toml").is_file()]


class RunTable:
    """Rows of runs that are kept, and read again only when their files have changed."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[Stamp, RunRow]] = {}

    def row(self, path: Path) -> RunRow:
        """The row of the run folder at `path`."""
        stamp = _stamp(path)
        kept = self._kept.get(path)
        if kept is not None and kept[0] == stamp and kept[1].state not in LIVING:
            return kept[1]
        row = read_row(path)
        self._kept[path] = stamp, row
        return row


def read_row(path: Path) -> RunRow:
    """Read the row of a run from its files; a damaged file leaves its part empty."""
    found = {**last_epoch(path), **_result(path)}
    tables = _tables_of(path)
    resolved = tables.pop("resolved", {})
    return RunRow(
        name=decoded(path.name),
        state=state_of(path),
        changed=max(stamp[1] for stamp in _stamp(path)) / 1e9,
        settings=dict(_flat("", tables)),
        results={name: found[name] for name in RESULTS if found.get(name) is not None},
        inputs=_inputs_of(resolved),
    )


def _tables_of(path: Path) -> dict[str, Any]:
    """The configuration of a run, with what was derived from its data."""
    try:
        return tomllib.loads((path / "config.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _inputs_of(resolved: Any) -> str:
    """What a network takes, in words, from the values derived from its data."""
    shape = resolved.get("input_shape") if isinstance(resolved, dict) else None
    if not isinstance(shape, list):
        return IMAGES
    if len(shape) != 3:
        return "vectors of numbers"
    if resolved.get("input_dtype"):
        return "images of decimal numbers"
    return IMAGES if shape[0] in COLOURS else f"images of {shape[0]} channels"


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Pairs of dotted name and value; a list is one value, as JSON."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else name, inner)
    else:
        yield prefix, json.dumps(value) if isinstance(value, list) else value


def _result(path: Path) -> dict[str, Any]:
    try:
        return table_in((path / "result.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


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
