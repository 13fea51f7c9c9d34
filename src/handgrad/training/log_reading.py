"""Read the log of a run while it is written, or after it was damaged.

`RunFolder.records` is exact: it raises IntegrityError for a damaged line. These
functions leave such lines out, and read only as much of a log as they need.
"""

import json
import os
from pathlib import Path
from typing import Any

TAIL = 4096  # bytes of a log that hold its last epoch
EPOCH = '"kind": "epoch"'
Line = dict[str, Any]


def lines_after(log: Path, start: int) -> tuple[list[Line], int]:
    """The complete lines of a `log` after a byte, and the byte where they end.

    `start` is 0 at first, later the byte returned. A log that has become shorter, since
    the run went back to a checkpoint, is read from its beginning; one that does not
    exist has no lines.

    Example
        lines, after = lines_after(Path("runs/lenet-digits-1/metrics.jsonl"), 0)
    """
    try:
        with open(log, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = start if start <= size else 0
            file.seek(start)
            content = file.read()
    except OSError:
        return [], 0
    whole, _, _ = content.rpartition(b"\n")
    if not whole:
        return [], start
    return _tables(whole.decode(errors="replace").split("\n")), start + len(whole) + 1


def epochs_of(folder: Path) -> list[Line]:
    """The epochs in the log of the run in `folder`, without damaged ones."""
    try:
        text = (folder / "metrics.jsonl").read_text("utf-8", errors="replace")
    except OSError:
        return []
    return _tables([line for line in text.split("\n")[:-1] if EPOCH in line])


def last_epoch(folder: Path) -> Line:
    """The last complete epoch of the run in `folder`, read from the end of its log.

    Empty if there is none.
    """
    try:
        with open(folder / "metrics.jsonl", "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            lines = file.read().decode(errors="replace").split("\n")[:-1]
    except OSError:
        return {}
    last = next((line for line in reversed(lines) if EPOCH in line), "")
    return table_in(last)


def table_in(text: str) -> Line:
    """The JSON object in a text; empty if there is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _tables(lines: list[str]) -> list[Line]:
    return [found for found in map(table_in, lines) if found]
