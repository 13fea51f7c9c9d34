"""Read the log of a run while it is written, or after it was damaged.

`RunFolder.records` is exact: it raises IntegrityError for a damaged line. These
functions leave such lines out, and read only as much of a log as they need.
"""

import json
import os
from pathlib import Path
from typing import Any

TAIL = 4096  # bytes that are read first, of the end of a log
FURTHER = 8  # times as many, as long as no epoch is found there
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

    Steps of the next epoch may follow it. Empty if there is none.
    """
    try:
        with open(folder / "metrics.jsonl", "rb") as file:
            length, size = TAIL, os.fstat(file.fileno()).st_size
            while True:
                start = max(0, size - length)
                file.seek(start)
                line = _last_epoch_in(file.read(size - start), is_whole=not start)
                if line or not start:
                    return table_in(line)
                length *= FURTHER
    except OSError:
        return {}


def _last_epoch_in(content: bytes, *, is_whole: bool) -> str:
    """The last complete line of an epoch; "" if none begins in this end of a log."""
    place = content.rfind(EPOCH.encode(), 0, content.rfind(b"\n") + 1)
    start = content.rfind(b"\n", 0, max(place, 0)) + 1
    if place < 0 or not (start or is_whole):
        return ""
    return content[start : content.index(b"\n", place)].decode(errors="replace")


def table_in(text: str) -> Line:
    """The JSON object in a text; empty if there is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _tables(lines: list[str]) -> list[Line]:
    return [found for found in map(table_in, lines) if found]
