"""The run of a trial: a new one, or the one that was started in its folder."""

import os
from collections.abc import Mapping
from pathlib import Path
from time import sleep
from typing import Any

from handgrad.errors import IntegrityError, RunError
from handgrad.training.config import RunConfig, config_from
from handgrad.training.manifest import MANIFEST, check_manifest
from handgrad.training.real_files import is_file, opened
from handgrad.training.resuming import resume
from handgrad.training.run import Run, start
from handgrad.training.run_folder import RunFolder

WAITS = 3  # seconds


def config_of(tables: Mapping[str, Any], data_dir: Path | None = None) -> RunConfig:
    """The configuration of a trial's tables, on the data of that folder."""
    config = config_from(tables, "The trial")
    if data_dir is None:
        return config
    dataset = config.dataset.model_copy(update={"data_dir": str(data_dir)})
    return config.model_copy(update={"dataset": dataset})


def run_of(
    tables: Mapping[str, Any],
    path: Path,
    *,
    workers: int | None = None,
    data_dir: Path | None = None,
) -> Run:
    """Resume the run, or start a new one if it is missing, damaged or another one's.

    A symbolic link in place of the run folder is removed, but not its target.
    """
    config = config_of(tables, data_dir)
    if not path.is_symlink() and is_file(path / "config.toml"):
        try:
            if _decides(RunFolder.open(path).config) == _decides(config):
                return _resumed(path, workers)
        except IntegrityError:
            pass
    if os.path.lexists(path):  # killed before there was anything to resume
        with opened(path.parent) as place:
            place.remove(path.name)
    return start(config, path, workers=workers)


def _decides(config: RunConfig) -> dict[str, Any]:
    """Return all that determines a run's results, apart from the data themselves."""
    return config.model_dump(exclude={"resolved": True, "dataset": {"data_dir"}})


def _resumed(path: Path, workers: int | None) -> Run:
    """Resume; a process that was just orphaned may not have released the folder yet.

    IntegrityError for a run that has ended and was changed afterwards.
    """
    if is_file(path / MANIFEST):
        check_manifest(path)
    for _ in range(WAITS):
        try:
            return resume(path, workers=workers)
        except IntegrityError:
            raise
        except RunError:
            sleep(1.0)
    return resume(path, workers=workers)
