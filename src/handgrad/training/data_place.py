"""Where the images of a run are, if its command was given a path.

A relative path is looked for in the working directory, then in the one that the run was
started in, which environment.json records: a run and its images may move together.
"""

import os
from pathlib import Path

from handgrad.datasets.sources import source_of
from handgrad.errors import DatasetError, HandgradError
from handgrad.parsing import parse_json
from handgrad.text import decoded
from handgrad.training.config import RunConfig
from handgrad.training.real_files import is_file, read_file

ARRAYS = "arrays"  # name of a data set given as arrays that were not saved
DIRECTORY = "working_directory"


def working_directory() -> dict[str, str]:
    """The entry of environment.json; empty if the directory no longer exists."""
    try:
        return {DIRECTORY: decoded(os.getcwd())}
    except OSError:
        return {}


def located(run: Path, config: RunConfig) -> RunConfig:
    """The configuration, with the path of images that are only where it began."""
    if _is_there(config):
        return config
    place = os.path.join(_directory(run), os.path.expanduser(config.dataset.name))
    if not os.path.exists(place):
        return config
    dataset = config.dataset.model_copy(update={"name": place})
    return config.model_copy(update={"dataset": dataset})


def check_there(run: Path | None, config: RunConfig, hint: str = "") -> None:
    """Raise DatasetError if there is nothing at the path that a run was trained on.

    `hint` continues the advice to restore the images.
    """
    if _is_there(config):
        return
    name, path = config.dataset.name, os.path.expanduser(config.dataset.name)
    owner = "The network" if run is None else run
    if os.path.isabs(path):
        raise DatasetError(
            f"{owner} was trained on {name}, which does not exist any more. Restore "
            f"the images there{hint}."
        )
    before, here = _directory(run) if run else "", os.path.abspath(path)
    said = f"directory {before}: it is neither there nor at {here}"
    raise DatasetError(
        f"{owner} was trained on {name}, relative to the working "
        f"{said if before else f'directory of then, and {here} does not exist'}. "
        f"Change to the directory that holds {name}, or restore it{hint}."
    )


def _is_there(config: RunConfig) -> bool:
    """Whether the images are at their path, or have none: a known name, or arrays."""
    name = config.dataset.name
    is_named = name == ARRAYS or source_of(name) is not None
    return is_named or os.path.exists(os.path.expanduser(name))


def _directory(run: Path) -> str:
    """The working directory that a run was started in; empty if unknown."""
    path = run / "environment.json"
    try:
        found = parse_json(read_file(path))[DIRECTORY] if is_file(path) else ""
    except (HandgradError, OSError, ValueError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) and os.path.isabs(found) else ""
