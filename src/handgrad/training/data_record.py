"""The content of the data when a run started, and what has changed since.

data.json   classes, counts and files, see `datasets.data_changes`
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handgrad.datasets.data_changes import (
    Record,
    changes,
    counted,
    known_classes,
    listed,
    record_of,
    shared,
)
from handgrad.datasets.dataset import Dataset
from handgrad.datasets.sources import source_of
from handgrad.errors import DatasetError, HandgradError, warn
from handgrad.parsing import parse_json
from handgrad.text import number_of
from handgrad.training.config import RunConfig
from handgrad.training.data_place import check_there
from handgrad.training.real_files import is_file, read_file

DATA = "data.json"
MOST_LISTED = 20_000  # do not list more files than this only to report changes


def as_text(record: Record) -> str:
    """Convert a record to the text of data.json."""
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def record_in(run: Path | None, config: RunConfig) -> Record:
    """Read the record of a run; only the class names for older runs."""
    assert config.resolved is not None, "the configuration is not resolved"
    known = known_classes(config.resolved.class_names)
    if run is None or not is_file(run / DATA):
        return known
    try:
        found = parse_json(read_file(run / DATA))
        changes(found, known)  # raises if it is not a record
    except (HandgradError, ValueError, TypeError, AttributeError):
        return known
    is_own = found.get("sha256") == config.resolved.dataset_sha256
    return found if is_own else known


def changed_since(run: Path | None, config: RunConfig, now: Record) -> str:
    """Describe what has changed, as the end of a sentence; empty if unknown."""
    found = changes(record_in(run, config), now)
    return f": {found}" if found else ""


@contextmanager
def naming_changes(run: Path | None, config: RunConfig) -> Iterator[None]:
    """Add what has changed since the run started to a DatasetError raised inside.

    DatasetError before that if there is nothing at the path of the images.
    """
    check_there(run, config)
    try:
        yield
    except DatasetError as error:
        found = changes_of_names(run, config, most=None)
        if not found:
            raise
        raise DatasetError(
            f"{config.dataset.name} has changed since the run started: {found}. {error}"
        ) from error


def warn_of_training_images(
    run: Path | None, config: RunConfig, found: Dataset, split: str = "train"
) -> None:
    """Warn of other images, a `split` of `found`, that the run was trained on.

    Files are compared by content; data sets without image files are not.
    """
    now = record_of(found)
    if count := shared(record_in(run, config), now, split):
        total = sum(now["counts"][split].values())
        warn(
            f"{count:,} of {number_of(total, 'image')} are training images of {run} "
            "(those held out for validation included): results on them are not those "
            "on new images. Give images that it was not trained on, or omit --dataset "
            "to use its own."
        )


def changes_of_names(
    run: Path | None, config: RunConfig, most: int | None = MOST_LISTED
) -> str:
    """Describe changes in names and sizes of image files; empty if there are none."""
    from handgrad.datasets.formats.detection import find_kind

    before = record_in(run, config)
    path = Path(os.path.expanduser(config.dataset.name))
    is_named = source_of(config.dataset.name) is not None
    if is_named or config.dataset.label_from is not None or not path.exists():
        return ""
    if not counted(before) or (most is not None and counted(before) > most):
        return ""
    try:
        is_other = find_kind(path) is not None  # classes are not given by folders
        return "" if is_other else changes(before, listed(path, before))
    except HandgradError:
        return ""
