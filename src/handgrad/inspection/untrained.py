"""Untrained networks as subjects: of the catalogue, or of a settings file."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from handgrad import catalog
from handgrad.arrays import Shape
from handgrad.errors import ConfigError
from handgrad.inspection.sample import Sample, chosen_from
from handgrad.inspection.subject import Subject, subject_of
from handgrad.names import known_name
from handgrad.optimizers import Optimizer
from handgrad.ranges import shown
from handgrad.schedules import Schedule

MakeOptimizer = Callable[[Schedule], Optimizer]


def is_catalogue_name(given: Any) -> bool:
    """Whether `given` is the name of a network, rather than a classifier or a run."""
    if not isinstance(given, str):
        return False
    return known_name(given, catalog.MODELS) is not None or not os.path.exists(given)


def untrained(
    name: str,
    options: Mapping[str, Any] | None,
    *,
    input_shape: Shape,
    classes: int,
    seed: int = 0,
) -> Subject:
    """A network of the catalogue; ConfigError with the nearest name if unknown."""
    network = catalog.build(
        "model",
        name,
        options or {},
        input_shape=input_shape,
        classes=classes,
        seed=seed,
    )
    return subject_of(network)


def check_no_options(options: Mapping[str, Any] | None) -> None:
    """ConfigError for options given with an existing network."""
    if options:
        raise ConfigError(
            "options apply to a network of the catalogue, given by name; got "
            f"{', '.join(options)} for an existing network. Omit options."
        )


def check_untrained_only(**given: Any) -> None:
    """ConfigError for options of untrained networks given with an existing network."""
    for name, value in given.items():
        if value is not None:
            raise ConfigError(
                f"{name} selects untrained networks to compare, got {shown(value)} for "
                f"an existing network. Omit {name}."
            )


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
