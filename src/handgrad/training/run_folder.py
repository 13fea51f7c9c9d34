"""The folder of a run: plain files that can be read without Handgrad.

config.toml         every setting, resolved
data.json           contents of the data set, see `data_record`
data.safetensors    images and labels, if the data set was given as arrays
initial.safetensors initial arrays, if the run started from existing weights
environment.json    versions, processor, BLAS library, working directory
metrics.jsonl       one line for each step and epoch: reproducible numbers
timings.jsonl       durations of the same steps and epochs, which vary
checkpoints/        see `checkpoint`
figures/            plots
result.json         final result, when the run has finished
manifest.json       size and SHA-256 of all these files at that time, see `manifest`
owner-0001.json     the process that writes here, see `ownership`
"""

import json
import os
import shutil
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from handgrad.datasets.array_file import ARRAY_FILE, save_arrays
from handgrad.datasets.dataset import Dataset
from handgrad.errors import IntegrityError, RunError
from handgrad.paths import path_of
from handgrad.training.atomic import (
    HALF_WRITTEN,
    cannot_write,
    make_folder,
    remove_file,
    sweep,
    write_file,
)
from handgrad.training.checkpoint import Checkpoint, tidy
from handgrad.training.config import RunConfig
from handgrad.training.data_place import working_directory
from handgrad.training.data_record import DATA
from handgrad.training.environment import describe_environment
from handgrad.training.logs import Logs, table_of
from handgrad.training.ownership import NAME, Ownership, living_owner, take
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
        arrays: Dataset | None = None,
    ) -> "RunFolder":
        """Create a new folder with its `config`, at `path` or a free one under runs/.

        The folder of a run that was killed before its config.toml is taken over.
        `initial` is the content of initial.safetensors, if the run starts from existing
        weights, `record` that of data.json, `arrays` a data set given as arrays: all of
        them are there before config.toml. RunError if the path is already in use.
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
            environment = describe_environment() | working_directory()
            made.write("environment.json", _pretty(environment))
            for name, content in ((INITIAL, initial), (DATA, record)):
                if content:
                    write_file(folder / name, content)
                else:
                    remove_file(folder / name)  # of a run that was killed here
            remove_file(folder / ARRAY_FILE)
            if arrays is not None:
                save_arrays(folder / ARRAY_FILE, arrays)
            made.write("config.toml", config.to_toml())
        except BaseException:  # an error, or a signal
            if is_new:  # leave nothing half-written
                shutil.rmtree(folder, ignore_errors=True)
            raise
        return made

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Open the folder at `path` for reading; RunError if it is not a run folder."""
        path = path_of("A run", "its folder", path, RunError)
        if not is_file(path / "config.toml"):
            if is_abandoned(path):
                raise RunError(
                    f"{path} holds a run that was killed before it began: there is "
                    "nothing to resume. Train again with the command, or the call of "
                    "Classifier.fit, that started it; it takes over this folder: "
                    f"--run {path}"
                )
            is_there = path.exists()
            wrong = "is not a run folder: it holds no config.toml"
            raise RunError(
                f"{path} {wrong if is_there else 'does not exist'}. Give a folder that "
                "handgrad train has created; they are under runs/."
            )
        return cls(path)

    def own(self) -> None:
        """Become the owner, which may write; RunError if another process is.

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

        Arrays stored in the folder are given by their path.
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
                f"{self.path / 'config.toml'} has changed since the checkpoint was "
                "saved. Restore the original; for other settings start a new run: "
                f"handgrad train {self.path / 'config.toml'}"
            )

    @property
    def result(self) -> dict[str, Any] | None:
        """The final result of the run; None if it has not finished."""
        path = self.path / "result.json"
        return table_of(path, read_file(path)) if is_file(path) else None

    def write(self, name: str, text: str) -> None:
        """Write a small `text` file called `name` atomically."""
        write_file(self.path / name, text.encode())

    def write_result(self, result: dict[str, Any]) -> None:
        """Write the final `result` of the run."""
        self.write("result.json", _pretty(result))


def is_abandoned(path: Path) -> bool:
    """Whether a folder is that of a run that was killed before its config.toml."""
    if not path.is_dir():
        return False
    names = {found.name for found in path.iterdir()}
    claims = {n for n in names if NAME.fullmatch(n) or HALF_WRITTEN.fullmatch(n)}
    others = names - claims - {"environment.json", INITIAL, DATA, ARRAY_FILE}
    if not claims or others - {"checkpoints"} or living_owner(path):
        return False
    return not others or _is_empty(path / "checkpoints")


def check_free(path: Path | None) -> None:
    """RunError if the folder `path` cannot be that of a new run: if it has content."""
    if path is not None:
        place = path_of("A run", "its folder", path, RunError)
        if os.path.lexists(place):
            _refuse_unless_free(place)


def _make(path: Path | None, config: RunConfig) -> tuple[Path, bool]:
    """Create the folder or accept a free one; return it and whether it is new."""
    if path is not None:
        make_folder(path.parent)
        return path, _is_made(path) or _refuse_unless_free(path)
    make_folder(RUNS)
    stem = f"{config.model.name}-{Path(config.dataset.name).stem}".replace("_", "-")
    numbered = (RUNS / f"{stem}-{number}" for number in count(1))
    return next(folder for folder in numbered if _is_made(folder)), True


def _is_made(path: Path) -> bool:
    """Create a folder; return False if the path already exists."""
    try:
        path.mkdir()
    except FileExistsError:
        return False
    except OSError as error:
        raise cannot_write(path, error) from error
    return True


def _refuse_unless_free(path: Path) -> bool:
    if not (_is_empty(path) or is_abandoned(path)):
        raise _is_there(path)
    return False


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _is_there(path: Path) -> RunError:
    is_run = (path / "config.toml").exists()
    resume = f", or resume this run: handgrad train --resume {path}"
    return RunError(
        f"{path} already exists. Give another folder{resume if is_run else '.'}"
    )


def _pretty(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"
