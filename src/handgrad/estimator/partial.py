"""Incremental training on successive portions of the examples."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils.validation import column_or_1d

from handgrad import catalog
from handgrad.arrays import NumpyArray
from handgrad.datasets import Split
from handgrad.datasets.input_scale import warn_of_split
from handgrad.datasets.label_input import as_labels
from handgrad.engine.engine import Engine
from handgrad.errors import ConfigError
from handgrad.estimator.changes import followed
from handgrad.estimator.fitting import check_finite_network, prepare
from handgrad.estimator.inputs import (
    class_numbers,
    classes_of,
    labelled,
    listed,
    split_of,
    training_examples,
)
from handgrad.losses import Loss
from handgrad.optimizers import Optimizer
from handgrad.training.build import (
    Parts,
    build_augmentation,
    build_engine,
    training_settings,
)
from handgrad.training.build_optimizer import build_optimizer
from handgrad.training.class_weights import weighted
from handgrad.training.config import RunConfig
from handgrad.training.position import Position
from handgrad.training.records import EpochRecord
from handgrad.training.trained_network import TrainedNetwork
from handgrad.training.trainer import Trainer

SHOWN = 5  # labels in a message


def first_portion(
    classifier: Any,
    settings: dict[str, Any],
    examples: Any,
    labels: Any,
    classes: Any,
    sample_weight: Any,
) -> tuple[Parts, NumpyArray, Split]:
    """The new network, all classes, and the examples of the first call."""
    form, found, given = training_examples(classifier, examples, labels)
    known, _ = classes_of(
        column_or_1d(given if classes is None else as_labels(classes))
    )
    portion = split_of(found, class_numbers(given, known), sample_weight, 0)
    parts, _ = prepare(settings, form, portion, None, known)
    return parts, known, portion


def next_portion(
    classifier: Any, examples: Any, labels: Any, classes: Any, sample_weight: Any
) -> Split:
    """Check the examples of a later call against those of the first."""
    network, known = classifier.trained_, classifier.classes_
    if classes is not None:
        check_same_classes(known, as_labels(classes))
    form, name = network.given_form, network.config.dataset.normalization
    found = labelled(classifier, form, examples, labels, known, owner="partial_fit")
    warn_of_split(found, network.normalization, name, "new training inputs")
    return split_of(found.images, found.targets, sample_weight, 0)


def check_same_classes(known: NumpyArray, given: NumpyArray) -> None:
    """ConfigError if a later call gives other classes than the first."""
    before, now = known.tolist(), np.ravel(given).tolist()
    changes = [(now, before, "new"), (before, now, "missing")]
    differ = [
        f"{listed(labels, SHOWN)} {'is' if len(labels) == 1 else 'are'} {what}"
        for ours, theirs, what in changes
        if (labels := [label for label in dict.fromkeys(ours) if label not in theirs])
    ]
    if differ:
        raise ConfigError(
            f"partial_fit was first called with the classes {listed(before, SHOWN)}, "
            f"got other classes: {', '.join(differ)}. Omit classes, or start with a "
            "new classifier."
        )


class Portions:
    """A network trained on portions: each is one epoch with the same optimizer.

    The optimizer's state starts fresh here; the length of a schedule follows from the
    first portion. `settings` are the parameters behind the network's configuration.
    """

    def __init__(
        self,
        network: TrainedNetwork,
        first: Split,
        epochs: int = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.network, self.first, self.settings = network, len(first), settings or {}
        self.position = Position(epoch=epochs + 1)
        self.optimizer, self.engine = self._parts(
            network.config, network.loss, network.workers
        )

    def follow(self, settings: Mapping[str, Any]) -> None:
        """Apply the parameters of this call; the optimizer's state is kept."""
        network, workers = self.network, settings["workers"]
        config = followed(network.config, self.settings, settings)
        self.settings = settings
        if config == network.config and workers == network.workers:
            return
        loss = catalog.build("loss", config.loss.name, config.loss.options)
        kept = self.engine.state()
        optimizer, engine = self._parts(config, loss, workers)
        state = engine.state()
        engine.restore(state | {name: kept[name] for name in state if name in kept})
        self.optimizer, self.engine = optimizer, engine
        network.config, network.loss, network.workers = config, loss, workers

    def train(self, portion: Split, on_epoch: Callable[[EpochRecord], None]) -> None:
        """Train for one pass over these examples."""
        network, epoch = self.network, self.position.epoch
        config, names = network.config, network.class_names
        trainer = Trainer(
            self.engine,
            weighted(portion, names, config.loss.class_weight),
            loss=network.loss,
            learning_rate=self.optimizer.rate,
            settings=replace(
                training_settings(config), epochs=epoch, early_stopping=None
            ),
            augmentation=build_augmentation(config, portion.image_shape),
        )
        trainer.position = Position(epoch=epoch, step=self.position.step)
        before = self.engine.state()
        try:
            ended = [r for r in trainer if isinstance(r, EpochRecord)]
            check_finite_network(network.model, config, portion.images)
        except BaseException:
            self.engine.restore(before)
            raise
        self.position = trainer.position
        for record in ended:
            on_epoch(record)

    def _parts(
        self, config: RunConfig, loss: Loss[Any], workers: int | None
    ) -> tuple[Optimizer, Engine]:
        size, network = config.training.batch_size, self.network
        optimizer = build_optimizer(config, -(-self.first // size))
        engine = build_engine(
            config,
            network.model,
            loss,
            optimizer,
            network.normalization,
            batch_size=size,
            workers=workers,
        )
        return optimizer, engine
