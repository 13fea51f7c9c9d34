"""The images of a run: one of its splits, or other images of the same classes."""

from pathlib import Path
from typing import Any

from handgrad.datasets import Split
from handgrad.errors import ConfigError, DatasetError, unknown_name
from handgrad.training.build import load_dataset, split_of
from handgrad.training.config import RunConfig

SPLITS = ("test", "validation", "train")
NAMED = 12  # class names that an error lists


def check_split(split: str | None) -> None:
    """ConfigError for a split that does not exist, before any data is read."""
    if split is not None and split not in SPLITS:
        raise unknown_name("split", split, SPLITS)


def run_images(
    config: RunConfig,
    split: str | None = None,
    *,
    dataset: str | None = None,
    data_dir: Path | None = None,
    progress: Any = None,
) -> tuple[str, Split]:
    """The name of a split and its images, cut exactly as in training.

    Without `split` these are the test images, or the validation images of a data set
    that has no test images. `dataset` names other images of the same classes, which
    are resized to the size that the network takes.
    """
    check_split(split)
    resolved = config.resolved
    assert resolved is not None, "the configuration is not resolved"
    changes: dict[str, Any] = {"image_size": resolved.input_shape[1:]}
    if dataset is not None:
        changes["name"] = dataset
    if data_dir is not None:
        changes["data_dir"] = str(data_dir)
    tables = config.dataset.model_copy(update=changes)
    config = config.model_copy(update={"dataset": tables})
    found = load_dataset(config, progress)
    if found.class_names != resolved.class_names:
        raise DatasetError(
            f"{found.name} has other classes than the network was trained for: "
            f"{_some(found.class_names)} instead of {_some(resolved.class_names)}. "
            "Give images of the same classes."
        )
    name = split or ("test" if found.test is not None else "validation")
    if name == "test":
        chosen = found.test
    else:
        train, validation = split_of(config, found)
        chosen = train if name == "train" else validation
    if chosen is None:
        raise ConfigError(
            f"{found.name} has no {name} images in this run. "
            "Take another split, such as train."
        )
    return name, chosen


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
