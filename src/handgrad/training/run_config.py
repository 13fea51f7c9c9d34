"""The configuration in a run folder, current and before the number of epochs changed.

config.toml           the current configuration
config.old-1.toml     the configuration before the first such change
"""

from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path

from handgrad.datasets import Dataset
from handgrad.datasets.array_file import ARRAY_FILE
from handgrad.datasets.data_changes import Record, record_of
from handgrad.errors import HandgradError, IntegrityError, RunError
from handgrad.training.atomic import write_file
from handgrad.training.config import RunConfig, read_config
from handgrad.training.data_place import located
from handgrad.training.data_record import changed_since
from handgrad.training.real_files import is_file, read_file, regular

CONFIG = "config.toml"
INITIAL = "initial.safetensors"
OF_DATA = {"dataset_sha256", "class_names", "input_shape", "input_dtype"}


def config_in(folder: Path) -> RunConfig:
    """The resolved configuration, with the paths of arrays stored in the folder.

    Images that are only in the working directory of then have that path.
    """
    config = located(folder, as_written(folder))
    if config.dataset.name == ARRAY_FILE:
        kept = {"name": str(regular(folder / ARRAY_FILE).absolute())}
        dataset = config.dataset.model_copy(update=kept)
        config = config.model_copy(update={"dataset": dataset})
    if config.start is not None:
        kept = {"source": str(regular(folder / INITIAL).absolute())}
        start = config.start.model_copy(update=kept)
        config = config.model_copy(update={"start": start})
    return config


def as_written(folder: Path) -> RunConfig:
    """The resolved configuration exactly as written."""
    config = read_config(regular(folder / CONFIG))
    if config.resolved is None:
        raise RunError(
            f"{folder / CONFIG} holds no table [resolved], which every run writes. "
            "Restore a backup of the run, or train again with its settings."
        )
    return config


def lengthen(folder: Path, config: RunConfig) -> None:
    """Write a `config` with other epochs, and keep the previous one beside it."""
    before = read_file(folder / CONFIG)
    if all(read_file(path) != before for path in _old(folder)):
        free = next(path for path in _names(folder) if not path.exists())
        write_file(free, before)
    write_file(folder / CONFIG, config.to_toml().encode())


def shorter_configs(folder: Path) -> set[str]:
    """SHA-256 of the previous configurations that differ only in the run's length."""
    now = without_length(as_written(folder))
    return {
        sha256(read_file(path)).hexdigest()
        for path in _old(folder)
        if _without_length_of(path) == now
    }


def without_length(config: RunConfig) -> RunConfig:
    """The configuration without its epochs and the values derived from them."""
    training = config.training.model_copy(update={"epochs": 1})
    derived = {"every", "rescheduled"}
    schedule = type(config.schedule)(**config.schedule.model_dump(exclude=derived))
    return config.model_copy(update={"training": training, "schedule": schedule})


def check_data(folder: Path, config: RunConfig, found: Dataset) -> None:
    """Raise RunError if the images `found` are not those that a run started with.

    To be called before they are split: a split that is gone has changed them, too.
    """
    assert config.resolved is not None, "the configuration is not resolved"
    was = config.resolved.dataset_sha256, config.resolved.class_names
    if (found.checksum, found.class_names) != was:
        raise _other_data(folder, config, record_of(found))


def check_same_data(
    folder: Path, before: RunConfig, now: RunConfig, record: Record
) -> None:
    """Raise RunError if the data have changed since a run started.

    `record` describes the current data. IntegrityError if the data are the same but
    the configuration describes them differently.
    """
    if before.resolved != now.resolved:
        said, known = (config.model_dump()["resolved"] for config in (before, now))
        others = [name for name in known if said[name] != known[name]]
        if not OF_DATA.intersection(others):
            raise IntegrityError(
                f"{folder / CONFIG} has {others[0]} = {said[others[0]]} in [resolved], "
                f"but the data give {known[others[0]]}. Restore the original file."
            )
        raise _other_data(folder, before, record)


def _other_data(folder: Path, before: RunConfig, record: Record) -> RunError:
    found = changed_since(folder, before, record) or ": its content differs"
    return RunError(
        f"The data set {before.dataset.name} is not the one that the run started "
        f"with{found}. Restore the original files, or start a new run."
    )


def _without_length_of(path: Path) -> RunConfig | None:
    try:
        return without_length(read_config(regular(path)))
    except HandgradError:  # a user's file of that name
        return None


def _names(folder: Path) -> Iterator[Path]:
    return (folder / f"config.old-{number}.toml" for number in count(1))


def _old(folder: Path) -> Iterator[Path]:
    """The paths of the previous configurations, oldest first."""
    for path in _names(folder):
        if not is_file(path):
            return
        yield path
