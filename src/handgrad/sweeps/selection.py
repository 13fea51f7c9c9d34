"""Checks that the metric of a sweep measures all settings alike, without test images.

Settings can be ranked only if their metric is the same function of the same images, and
the test accuracy of the best one is unbiased only if no test image was used to find it.
"""

from collections.abc import Sequence
from typing import Any

from handgrad.errors import ConfigError
from handgrad.sweeps.space import Choice, Parameter

TRAINING_TERMS = ("loss.l2", "loss.l2_factor", "loss.class_weight")  # not validated
IMAGES = ("dataset.name", "dataset.label_from", "dataset.validation")
NO_PART = ("dataset.data_dir", "training.checkpoint_seconds", "training.on_failed_save")


def check_selection(
    metric: str, validation: Any, space: Sequence[Parameter], source: str
) -> None:
    """ConfigError for a search that compares unlike settings, or sees test images.

    `validation` is what all settings share; `source` begins the message.
    """
    splits = [validation]
    for parameter in space:
        values = parameter.values if isinstance(parameter, Choice) else ()
        if parameter.name == "dataset.validation":
            splits = list(values)
        if parameter.name in NO_PART:
            raise ConfigError(
                f"{source}: {parameter.name} is not part of a trial, so all of its "
                "values would give the same one. Remove it from [sweep.parameters]."
            )
    if "test" in splits:
        raise ConfigError(
            f'{source}: validation = "test" would select by the test images. Use a '
            "fraction of the training images, such as 0.1; the best setting is tested."
        )
    if "validation" in metric and "none" in splits:
        raise ConfigError(
            f"{source}: metric = {metric!r} needs validation images, but "
            'validation = "none". Remove that, or use a training metric.'
        )
    for parameter in space:
        if not (isinstance(parameter, Choice) and len(parameter.values) == 1):
            _check_alike(metric, parameter.name, source)


def _check_alike(metric: str, name: str, source: str) -> None:
    """ConfigError for a key whose values change the function or its images."""
    if _changes_images(metric, name):
        raise ConfigError(
            f"{source}: {metric} is measured on other images or labels for each value "
            f"of {name}, so its values cannot be compared. Do not vary {name}; write a "
            "file for each of its values."
        )
    if _changes_metric(metric, name):
        raise ConfigError(
            f"{source}: {metric} is another function for each value of {name}, so its "
            'values cannot be compared. Use metric = "validation_accuracy", or do not '
            f"vary {name}."
        )


def _changes_images(metric: str, name: str) -> bool:
    """Whether a swept key makes the metric one of other images, or other labels."""
    is_training = "train_" in metric
    if not (is_training or "validation_" in metric):  # no score of images: seconds
        return False
    return name in IMAGES or (is_training and name == "dataset.train_count")


def _changes_metric(metric: str, name: str) -> bool:
    """Whether a swept key makes the metric another function of the same network."""
    key, is_training = ".".join(name.split(".")[:2]), "train_" in metric
    if key == "dataset.augmentation":
        return is_training  # measured on augmented images
    is_term = key.startswith("loss.") and (is_training or key not in TRAINING_TERMS)
    return is_term and "_loss" in metric
