"""The folder of a run: plain files that can be read without Handgrad.

config.toml         every setting, resolved
environment.json    versions, processor, matrix library
metrics.jsonl       one line for each step and epoch: numbers that repeat exactly
timings.jsonl       the same steps' and epochs' seconds, which never repeat
checkpoints/        see `checkpoint`
figures/            pictures
result.json         the last word, when the run is done
"""

import json
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from handgrad.errors import RunError
from handgrad.training.atomic import cannot_write, sweep, write_file
from handgrad.training.checkpoint import tidy
from handgrad.training.config import RunConfig, read_config
from handgrad.training.environment import describe_environment
from handgrad.training.records import TIMINGS, EpochRecord, Record

RUNS = Path("runs")


class RunFolder:
    """One run's files; made once, then only added to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.figures = path / "figures"
        self._lines: dict[str, list[str]] = {"metrics": [], "timings": []}

    @classmethod
    def create(cls, path: Path | None, config: RunConfig) -> "RunFolder":
        """A new folder, this one or a free one under runs/; never one in use."""
        folder = cls(_claim(path, config))
        folder.write("config.toml", config.to_toml())
        folder.write("environment.json", _pretty(describe_environment()))
        return folder

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """A folder that a run has made, without what a killed process left behind."""
        if not (path / "config.toml").is_file():
            raise RunError(
                f"{path} is not a run folder: it holds no config.toml. Give a folder that "
                "handgrad train has made; they stand under runs/."
            )
        folder = cls(path)
        sweep(path)
        tidy(folder.checkpoints)
        return folder

    @property
    def config(self) -> RunConfig:
        """The resolved configuration."""
        return read_config(self.path / "config.toml")

    @property
    def result(self) -> dict[str, Any] | None:
        """What the run ended with; None if it has not ended."""
        path = self.path / "result.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def write(self, name: str, text: str) -> None:
        """Put a small file in place as a whole."""
        write_file(self.path / name, text.encode())

    def write_result(self, result: dict[str, Any]) -> None:
        """The last word of the run."""
        self.write("result.json", _pretty(result))

    def add(self, record: Record) -> None:
        """Keep a record; `flush` brings what was kept to the disk."""
        kind = "epoch" if isinstance(record, EpochRecord) else "step"
        numbers = {"kind": kind, **asdict(record)}
        timings = {name: numbers.pop(name) for name in TIMINGS if name in numbers}
        named = {"kind": kind, "step": record.step, **timings}
        self._lines["metrics"].append(json.dumps(numbers))
        self._lines["timings"].append(json.dumps(named))

    def flush(self) -> dict[str, int]:
        """Write what was kept; returns each file's size, for a checkpoint's notes."""
        return {name: self._append(name) for name in self._lines}

    def cut_back(self, sizes: dict[str, int]) -> None:
        """Forget what was written after a checkpoint, by the sizes that it noted."""
        for name, size in sizes.items():
            path = self._log(name)
            if path.is_file():
                with path.open("r+b") as file:
                    file.truncate(size)

    def records(self) -> list[dict[str, Any]]:
        """All whole lines of metrics.jsonl; a line torn by a kill is left out."""
        path = self._log("metrics")
        if not path.is_file():
            return []
        lines = path.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

    def _append(self, name: str) -> int:
        path, lines = self._log(name), self._lines[name]
        try:
            with path.open("ab") as file:
                file.write("".join(f"{line}\n" for line in lines).encode())
                size = file.tell()
        except OSError as error:
            raise cannot_write(path, error) from error
        lines.clear()
        return size

    def _log(self, name: str) -> Path:
        return self.path / f"{name}.jsonl"


def _claim(path: Path | None, config: RunConfig) -> Path:
    """Make the folder; whoever makes it owns it, so two runs never share one."""
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(exist_ok=path.is_dir() and not any(path.iterdir()))
        except FileExistsError as error:
            raise RunError(
                f"{path} is there already. Give another folder with --run, or go on with "
                f"handgrad train --resume {path}."
            ) from error
        except OSError as error:
            raise cannot_write(path, error) from error
        return path
    stem = f"{config.model.name}-{Path(config.dataset.name).stem}".replace("_", "-")
    for number in count(1):
        candidate = RUNS / f"{stem}-{number}"
        try:
            candidate.parent.mkdir(exist_ok=True)
            candidate.mkdir()
        except FileExistsError:
            if not candidate.exists():  # runs itself is a file
                raise RunError(
                    f"{RUNS} is not a folder. Give a folder with --run."
                ) from None
            continue
        except OSError as error:
            raise cannot_write(candidate, error) from error
        return candidate
    raise AssertionError("count() ended")


def _pretty(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"
