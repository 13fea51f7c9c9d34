"""The logs of a run: a line for each step and epoch, buffered until written.

metrics.jsonl       reproducible numbers
timings.jsonl       durations of the same steps and epochs, which vary
"""

import json
import os
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from handgrad.errors import IntegrityError
from handgrad.parsing import parse_json
from handgrad.training.atomic import append, cut, write_file
from handgrad.training.notes import LOGS
from handgrad.training.real_files import check_no_link, is_file, read_file
from handgrad.training.records import TIMINGS, EpochRecord, Record


class Logs:
    """The two log files in the folder `path`, and a buffer of unwritten lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: dict[str, list[str]] = {name: [] for name in LOGS}

    def add(self, record: Record) -> None:
        """Buffer a `record`; `flush` writes the buffer to disk."""
        metrics, timings = lines_of(record)
        self._lines["metrics"].append(metrics)
        self._lines["timings"].append(timings)

    def flush(self) -> dict[str, int]:
        """Write the buffer; return the size of each file in bytes, for a checkpoint."""
        sizes = {}
        for name, lines in self._lines.items():
            content = "".join(f"{line}\n" for line in lines).encode()
            sizes[name] = append(self._log(name), content)
            lines.clear()
        return sizes

    def cut_back(self, sizes: dict[str, int]) -> None:
        """Truncate the logs to these `sizes`, in bytes; see `check_place`."""
        for name, size in sizes.items():
            if self._size(name) > size:
                cut(self._log(name), size)

    def sizes_at(self, lines: int) -> dict[str, int]:
        """Bytes of the first `lines` of each log; IntegrityError if it has fewer."""
        sizes = {}
        for name in LOGS:
            path, end = self._log(name), 0
            content = read_file(path) if is_file(path) else b""
            for number in range(lines):
                end = content.find(b"\n", end) + 1
                if end == 0:
                    check_no_link(path)
                    has = f"has {number} lines" if is_file(path) else "is missing"
                    raise IntegrityError(
                        f"{path} {has}, and the run has written a line for each of "
                        f"{lines} steps and epochs. Restore a copy, or start a new run."
                    )
            sizes[name] = end
        return sizes

    def check_place(self, lines: int, sizes: dict[str, int]) -> None:
        """Raise IntegrityError unless the first `lines` of each log have these `sizes`.

        RunError for a log that is a symbolic link: nothing is appended through it.
        """
        for name, size in self.sizes_at(lines).items():
            check_no_link(self._log(name))
            if size != sizes[name]:
                raise IntegrityError(
                    f"{self._log(name)} has changed since the checkpoint was "
                    f"saved: its first {lines} lines take {size} bytes, and should "
                    f"take {sizes[name]}. Restore a copy, or start a new run."
                )

    def put_logs_aside(self) -> list[str]:
        """Start new logs; return the new names of the old ones that are not empty.

        metrics.jsonl becomes metrics.old-1.jsonl, the next time metrics.old-2.jsonl.
        """
        sizes = {name: self._size(name) for name in LOGS}
        old = next(n for n in count(1) if not self._is_taken(f"old-{n}"))
        names = [f"{name}.old-{old}.jsonl" for name in LOGS if sizes[name]]
        for name in names:
            log = self._log(name.partition(".")[0])
            write_file(self.path / name, read_file(log))
            cut(log, 0)
        return names

    def _is_taken(self, ending: str) -> bool:
        return any(os.path.lexists(self._log(f"{name}.{ending}")) for name in LOGS)

    def _size(self, name: str) -> int:
        """Size of a log in bytes; 0 if it does not exist."""
        path = self._log(name)
        return path.stat().st_size if is_file(path) else 0

    def records(self, log: str = "metrics") -> list[dict[str, Any]]:
        """All complete lines of metrics.jsonl, or of timings.jsonl, as plain values.

        IntegrityError for a damaged line. A last line that was cut off when the process
        was killed is left out.
        """
        path = self._log(log)
        if not is_file(path):
            return []
        lines = read_file(path).split(b"\n")[:-1]
        return [table_of(path, line) for line in lines]

    def _log(self, name: str) -> Path:
        return self.path / f"{name}.jsonl"


def lines_of(record: Record) -> tuple[str, str]:
    """Convert a record to its lines of metrics.jsonl and timings.jsonl."""
    kind = "epoch" if isinstance(record, EpochRecord) else "step"
    numbers = {"kind": kind, **asdict(record)}
    timings = {name: numbers.pop(name) for name in TIMINGS if name in numbers}
    return json.dumps(numbers), json.dumps(
        {"kind": kind, "step": record.step, **timings}
    )


def table_of(path: Path, content: bytes) -> dict[str, Any]:
    """Parse a JSON object that a run has written."""
    try:
        values = parse_json(content)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise IntegrityError(
            f"{path} is damaged: a run writes a JSON object, but it holds "
            f"{_beginning(content)}. Restore a copy, or train again."
        )
    return values


def _beginning(content: bytes) -> str:
    """Return the beginning of a text, for an error message."""
    return repr(content[:40].decode(errors="replace")) + "..." * (len(content) > 40)
