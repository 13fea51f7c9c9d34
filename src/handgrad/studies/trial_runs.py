"""The run of a trial: a new one, or the one that was begun in its folder."""

import os
from collections.abc import Mapping
from pathlib import Path
from time import sleep
from typing import Any

from handgrad.errors import IntegrityError, RunError
from handgrad.training.config import RunConfig, config_from
from handgrad.training.manifest import MANIFEST, check_manifest
from handgrad.training.real_files import is_file, opened
from handgrad.training.run import Run, resume, start
from handgrad.training.run_folder import RunFolder

WAITS = 3  # seconds


def run_of(
    tables: Mapping[str, Any],
    path: Path,
    *,
    workers: int | None = None,
    data_dir: Path | None = None,
) -> Run:
    """Begin anew, or go on; what is damaged or of another trial is begun anew.

    A link in the place of the run's folder is removed, and what it leads to is not.
    """
    config = config_from(tables, "The trial")
    if not path.is_symlink() and is_file(path / "config.toml"):
        try:
            if _decides(RunFolder.open(path).config) == _decides(config):
                return _resumed(path, workers)
        except IntegrityError:
            pass
    if os.path.lexists(path):  # killed before there was anything to go on with
        with opened(path.parent) as place:
            place.remove(path.name)
    if data_dir is not None:
        dataset = config.dataset.model_copy(update={"data_dir": str(data_dir)})
        config = config.model_copy(update={"dataset": dataset})
    return start(config, path, workers=workers)


def _decides(config: RunConfig) -> dict[str, Any]:
    """What decides a run's numbers, apart from the data's place and content."""
    return config.model_dump(exclude={"resolved": True, "dataset": {"data_dir"}})


def _resumed(path: Path, workers: int | None) -> Run:
    """Go on; a process that was orphaned a moment ago may still be letting go.

    IntegrityError for a run that has ended and been changed since.
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
