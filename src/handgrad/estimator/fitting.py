"""Training of a Classifier on arrays, with or without a run folder."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, to_numpy
from handgrad.auto.deadline import Deadline
from handgrad.datasets import Dataset, Split
from handgrad.datasets.array_input import InputForm
from handgrad.datasets.data_changes import record_of
from handgrad.datasets.dataset import checksum_of
from handgrad.engine.network_check import check_network
from handgrad.engine.plain import plain_logits
from handgrad.engine.state import model_arrays
from handgrad.errors import ConfigError, NonFiniteError, ShapeError
from handgrad.estimator.planning import planned
from handgrad.layers import Sequential
from handgrad.layers.initial_keys import choose_keys
from handgrad.models.to_layers import rows_of
from handgrad.models.user_function import made_by
from handgrad.randomness import Key
from handgrad.ranges import SEEDS, is_whole, shown
from handgrad.run import complete
from handgrad.training.build import (
    Parts,
    assemble,
    normalization_of,
)
from handgrad.training.classifier_settings import config_of
from handgrad.training.config import RunConfig
from handgrad.training.data_place import ARRAYS
from handgrad.training.label_types import check_can_be_saved, label_type
from handgrad.training.records import EpochRecord
from handgrad.training.rescheduling import reschedule_training
from handgrad.training.run import begin
from handgrad.training.run_folder import check_free
from handgrad.training.train_to_best import train_to_best

FEW = 8  # examples for the check that the outputs of the network are finite


def prepare(
    settings: dict[str, Any],
    form: InputForm,
    train: Split,
    test: Split | None,
    classes: NumpyArray,
    deadline: Deadline | None = None,
) -> tuple[Parts, Dataset]:
    """Build the network, its engine and its trainer, and the data set as in a run.

    `settings` are the parameters of the Classifier, by name; with a `deadline` those
    that are not given are planned.
    """
    check_can_be_saved(classes)
    settings = {name: _own(value) for name, value in settings.items()}
    settings = {**settings, "random_state": seed_of(settings["random_state"])}
    model = settings["model"]
    made = own_network(model, form, len(classes), settings["random_state"])
    if made is not None:
        settings["model"] = _rows_or_none(made)
    config = config_of(settings, form.shape, len(train))
    names = tuple(str(label) for label in classes.tolist())
    checksum = ""
    if settings["run"] is not None:
        check_free(settings["run"])
        checksum = checksum_of(train, test)
    dataset = Dataset(ARRAYS, train, test, names, checksum)
    if deadline is not None:
        config = planned(settings, config, dataset, deadline)
    parts = assemble(config, dataset, model=made, workers=settings["workers"])
    assert parts.config.resolved is not None
    given: dict[str, Any] = {"channels": form.channels, "feature_names": form.columns}
    given["label_type"] = label_type(classes)
    resolved = parts.config.resolved.model_copy(update=given)
    config = parts.config.model_copy(update={"resolved": resolved})
    return replace(parts, config=config), dataset


def seed_of(random_state: Any) -> int:
    """The seed of a `random_state`; None gives a random one."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> 1)
    if isinstance(random_state, np.random.RandomState | np.random.Generator):
        draw = getattr(random_state, "integers", getattr(random_state, "randint", None))
        assert draw is not None
        return int(draw(2**31 - 1))
    if is_whole(random_state) and 0 <= random_state < SEEDS:
        return int(random_state)
    raise ConfigError(
        f"random_state is an integer from 0 to {SEEDS - 1}, a RandomState or None, "
        f"got {shown(random_state)}. Give a seed, such as 0."
    )


def own_network(
    model: Any, form: InputForm, classes: int, seed: int
) -> Sequential | None:
    """A copy of the user's network, or the network that the user's function returns."""
    if isinstance(model, str | list | tuple):
        return None
    if isinstance(model, Sequential):
        made = deepcopy(model)
        for parameter in made.parameters().values():
            parameter.forget_draw()  # the seed chooses the weights, read or not
        choose_keys(made.parameters(), Key(seed).child("initialization"))
    else:
        made = made_by(model, form.shape, classes, seed)
    found = check_network(made, form.shape)
    if found.classes > classes:
        raise ShapeError(
            f"{found.last_layer} returns {found.classes} logits, but the labels have "
            f"{classes} classes. Give the last layer {classes} outputs."
        )
    return made


def run_training(
    parts: Parts,
    dataset: Dataset,
    folder: str | Path | None,
    on_epoch: Callable[[EpochRecord], None],
    deadline: Deadline | None = None,
) -> None:
    """Train to the end or the deadline, and restore the best epoch."""
    trainer, records = parts.trainer, iter(parts.trainer)
    if folder is None:
        if deadline is not None:
            records = deadline.watch(
                trainer, records, partial(reschedule_training, parts)
            )
        train_to_best(records, parts.model, on_epoch)
        check_finite_network(parts.model, parts.config, parts.train.images)
        return
    parts.record = record_of(dataset)
    run = begin(parts, Path(folder), dataset)
    records = complete(run)
    if deadline is not None:
        records = deadline.watch(trainer, records, run.reschedule)
    for record in records:
        if isinstance(record, EpochRecord):
            on_epoch(record)
    check_finite_network(parts.model, parts.config, parts.train.images)


def check_finite_network(
    model: Sequential, config: RunConfig, images: NumpyArray
) -> None:
    """NonFiniteError if the network contains NaN or infinity after the last step."""
    logits = plain_logits(model, normalization_of(config), images[:FEW])
    arrays = [to_numpy(array.value) for array in model_arrays(model).values()]
    if not all(np.isfinite(array).all() for array in [logits, *arrays]):
        raise NonFiniteError(
            "After the last step the network contains or returns NaN or infinity: "
            "training has diverged. Use a smaller learning rate, or clip_norm=1.0."
        )


def _own(value: Any) -> Any:
    """Copy lists and tables, so that changes to them after `fit` have no effect."""
    is_plain = isinstance(value, dict | list) or (
        isinstance(value, tuple) and all(isinstance(one, str | dict) for one in value)
    )
    return deepcopy(value) if is_plain else value


def _rows_or_none(network: Sequential) -> Any:
    """The layer specifications of a network; None if a layer has none."""
    try:
        return rows_of(network)
    except ConfigError:
        return None
