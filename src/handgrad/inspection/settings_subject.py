"""The untrained network of a settings file, and its training images."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from handgrad import catalog
from handgrad.errors import ConfigError
from handgrad.inspection.sample import Sample, chosen_from
from handgrad.inspection.subject import Subject, subject_of
from handgrad.optimizers import Optimizer
from handgrad.schedules import Schedule

MakeOptimizer = Callable[[Schedule], Optimizer]


def is_settings_file(given: Any) -> bool:
    """Whether `given` names a TOML file, such as a run's config.toml."""
    return isinstance(given, str | os.PathLike) and str(given).endswith(".toml")


def of_settings(path: Path, count: int) -> tuple[Subject, Sample, MakeOptimizer]:
    """The initial network, a sample of images, and the optimizer for any learning rate.

    The sample is `count` random training images. ConfigError or DatasetError for
    invalid settings.
    """
    from handgrad.training.build import assemble, load_dataset, normalization_of
    from handgrad.training.config import read_config

    config = read_config(path)
    dataset = load_dataset(config)
    parts = assemble(config, dataset)
    sample = chosen_from(
        parts.trainer.train,
        count,
        f"training images of {config.dataset.name}",
        shuffled=True,
        class_names=dataset.class_names,
        normalization=normalization_of(parts.config),
        split="train",
    )
    subject = replace(subject_of(parts.model), loss=parts.trainer.loss)

    def make(rate: Schedule) -> Optimizer:
        rule: Optimizer = catalog.build(
            "optimizer",
            config.optimizer.name,
            config.optimizer.options,
            learning_rate=rate,
        )
        return rule

    return subject, sample, make


def check_alone(**others: Any) -> None:
    """ConfigError for arguments that a settings file already determines."""
    given = [name for name, value in others.items() if value]
    if given:
        raise ConfigError(
            "A settings file gives the network, the data and the optimizer, got "
            f"{', '.join(given)} as well. Give the settings file alone."
        )
