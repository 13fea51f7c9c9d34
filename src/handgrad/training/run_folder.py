"""The folder of a run: plain files that can be read without Handgrad.

config.toml         every setting, resolved
data.json           what the data held, see `data_record`
initial.safetensors what the network began with, if that came from another run
environment.json    versions, processor, matrix library
metrics.jsonl       one line for each step and epoch: numbers that repeat exactly
timings.jsonl       the same steps' and epochs' seconds, which never repeat
checkpoints/        see `checkpoint`
figures/            pictures
result.json         the last word, when the run is done
manifest.json       size and SHA-256 of all these files then, see `manifest`
owner-0001.json     which process writes here, see `ownership`
"""

import json
import os
import shutil
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from handgrad.errors import IntegrityError, RunError
from handgrad.paths import path_of
from handgrad.training.atomic import (
    cannot_write,
    make_folder,
    sweep,
    write_file,
)
from handgrad.training.checkpoint import Checkpoint, tidy
from handgrad.training.config import RunConfig
from handgrad.training.data_record import DATA
from handgrad.training.environment import describe_environment
from handgrad.training.logs import Logs, table_of
from handgrad.training.ownership import Ownership, take
from handgrad.training.real_files import is_file, read_file
from handgrad.training.run_config import INITIAL, config_in, shorter_configs

RUNS = Path("runs")


class RunFolder(Logs):
    """The files of one run at `path`; any process may read, only the owner writes.

    RunError for files that cannot be used or a folder that is in use, IntegrityError
    for a file that is damaged.

    Example
        RunFolder.open(Path("runs/first")).records()
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path.absolute())  # the working directory may change
        path = self.path
        self.checkpoints = path / "checkpoints"
        self.figures = path / "figures"
        self._ownership: Ownership | None = None

    @classmethod
    def create(
        cls,
        path: Path | None,
        config: RunConfig,
        initial: bytes = b"",
        record: bytes = b"",
    ) -> "RunFolder":
        """Make a new folder with its `config`, at `path` or a free one under runs/.

        `initial` is the content of initial.safetensors, if weights were taken from
        elsewhere, `record` that of data.json. RunError if something is there already.
        """
        if path is not None:
            path = path_of("A run", "its folder", path, RunError)
        folder, is_new = _make(path, config)
        made = cls(folder)
        try:
            made.own()
            if (folder / "config.toml").exists():
                raise _is_there(folder)
            make_folder(made.checkpoints, made.path)
            made.write("environment.json", _pretty(describe_environment()))
            for name, content in ((INITIAL, initial), (DATA, record)):
                if content:
                    write_file(folder / name, content)
            made.write("config.toml", config.to_toml())
        except BaseException:  # an error, or a signal that waits for nothing
            if is_new:  # nothing half-written stays
                shutil.rmtree(folder, ignore_errors=True)
            raise
        return made

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Open the folder at `path` for reading; RunError if it is not a run's."""
        path = path_of("A run", "its folder", path, RunError)
        if not is_file(path / "config.toml"):
            is_there = path.exists()
            wrong = "is not a run folder: it holds no config.toml"
            raise RunError(
                f"{path} {wrong if is_there else 'is not there'}. Give a folder that "
                "handgrad train has made; they stand under runs/."
            )
        return cls(path)

    def own(self) -> None:
        """Become the writing process; RunError while another one is.

        Temporary files of a killed process are removed.
        """
        if self._ownership is None or self._ownership.process != os.getpid():
            self._ownership = take(self.path)
            sweep(self.path)
            tidy(self.checkpoints)

    def release(self) -> None:
        """Allow another process to write."""
        if self._ownership is not None:
            self._ownership.release()
            self._ownership = None

    @property
    def config(self) -> RunConfig:
        """The resolved configuration; ConfigError if the file is invalid.

        Arrays that the folder holds are named by their path.
        """
        return config_in(self.path)

    def config_checksum(self) -> str:
        """SHA-256 of config.toml as it is now; checkpoints record it."""
        return sha256(read_file(self.path / "config.toml")).hexdigest()

    def check_config(self, checkpoint: Checkpoint) -> None:
        """IntegrityError if config.toml has changed since the `checkpoint`."""
        noted = checkpoint.notes.get("config_sha256")
        known = {None, self.config_checksum()}
        if noted not in known and noted not in shorter_configs(self.path):
            raise IntegrityError(
                f"{self.path / 'config.toml'} is not what it was when the checkpoint "
                "was saved. Put it back as it was; for other settings start a new run: "
                f"handgrad train {self.path / 'config.toml'}"
            )

    @property
    def result(self) -> dict[str, Any] | None:
        """The final result of the run; None if it has not finished."""
        path = self.path / "result.json"
        return table_of(path, read_file(path)) if is_file(path) else None

    def write(self, name: str, text: str) -> None:
        """Write a small `text` file of this `name` as a whole."""
        write_file(self.path / name, text.encode())

    def write_result(self, result: dict[str, Any]) -> None:
        """Write the final `result` of the run."""
        self.write("result.json", _pretty(result))


def _make(path: Path | None, config: RunConfig) -> tuple[Path, bool]:
    """The folder, and whether it was made now: an empty one may be given."""
    if path is not None:
        make_folder(path.parent)
        return path, _is_made(path) or _refuse_unless_empty(path)
    make_folder(RUNS)
    stem = f"{config.model.name}-{Path(config.dataset.name).stem}".replace("_", "-")
    numbered = (RUNS / f"{stem}-{number}" for number in count(1))
    return next(folder for folder in numbered if _is_made(folder)), True


def _is_made(path: Path) -> bool:
    """Make a folder; false if something of that name is there."""
    try:
        path.mkdir()
    except FileExistsError:
        return False
    except OSError as error:
        raise cannot_write(path, error) from error
    return True


def _refuse_unless_empty(path: Path) -> bool:
    if not path.is_dir() or any(path.iterdir()):
        raise _is_there(path)
    return False


def _is_there(path: Path) -> RunError:
    is_run = (path / "config.toml").exists()
    resume = f", or go on with this run: handgrad train --resume {path}"
    return RunError(
        f"{path} is there already. Give another folder{resume if is_run else '.'}"
    )


def _pretty(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"
