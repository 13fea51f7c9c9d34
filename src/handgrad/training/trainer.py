"""The training loop: a generator of records that anyone can read."""

from collections.abc import Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.augmentation import Augmentation
from handgrad.datasets.dataset import Split
from handgrad.engine.engine import Batch, Engine
from handgrad.errors import ConfigError
from handgrad.losses import Loss
from handgrad.randomness import Key, permutation
from handgrad.training.non_finite import check_finite
from handgrad.training.records import EpochRecord, Record, StepRecord
from handgrad.training.settings import Position, TrainingSettings


class Trainer:
    """Trains a network; iterate over it to make it go.

    Every step yields a `StepRecord`, every epoch an `EpochRecord`; stop early with a
    `break`. Nothing is drawn from hidden state: an epoch's order and every augmentation
    are functions of (seed, epoch, step, example), so a trainer restored from a state
    goes on with the same bits.

    Example
        for record in Trainer(engine, train, validation, loss, learning_rate, settings):
            print(record)
    """

    def __init__(
        self,
        engine: Engine,
        train: Split,
        validation: Split | None = None,
        *,
        loss: Loss[Any],
        learning_rate: Any,
        settings: TrainingSettings,
        augmentation: Sequence[Augmentation] = (),
    ) -> None:
        if len(train) == 0:
            raise ConfigError("There are no training images. Give at least one.")
        self.engine, self.train, self.validation = engine, train, validation
        self.loss, self.settings = loss, settings
        self.learning_rate = learning_rate
        self.augmentation = tuple(augmentation)
        self.position = Position()
        key = Key(settings.seed)
        self._order_key = key.child("order")
        self._augmentation_key = key.child("augmentation")

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last may be smaller."""
        return -(-len(self.train) // self.settings.batch_size)

    @property
    def is_finished(self) -> bool:
        """All epochs done, or none better for long enough."""
        position, patience = self.position, self.settings.early_stopping
        if position.epoch > self.settings.epochs:
            return True
        waited = position.epoch - 1 - position.best_epoch
        return patience is not None and position.batch == 0 and waited >= patience

    def __iter__(self) -> Iterator[Record]:
        while not self.is_finished:
            yield from self._rest_of_epoch()
            yield self._end_of_epoch()

    def batches(self, epoch: int) -> list[NumpyArray]:
        """The rows of each batch of an epoch, in order."""
        order = permutation(self._order_key.at(epoch), len(self.train))
        return np.split(
            order,
            range(self.settings.batch_size, len(order), self.settings.batch_size),
        )

    def batch(self, rows: NumpyArray, step: int) -> Batch:
        """What a step sees: the images of these rows, augmented."""
        if not self.augmentation:
            return Batch(self.train.images, self.train.targets, rows, rows)
        images = self.train.images[rows]
        key = self._augmentation_key.at(step, rows)
        for number, change in enumerate(self.augmentation):
            images = change.apply(images, key.child(str(number)))
        places = np.arange(len(rows))
        return Batch(images, self.train.targets[rows], places, rows)

    def evaluate(self, split: Split) -> tuple[float, float]:
        """Mean loss and accuracy of the network as it stands."""
        logits = self.engine.logits(split.images)
        loss, _ = self.loss.forward(logits, split.targets)
        return loss, float(np.mean(logits.argmax(axis=1) == split.targets))

    def state(self) -> dict[str, NumpyArray]:
        """Copies of every array that training moves."""
        return self.engine.state()

    def restore(self, state: Mapping[str, NumpyArray], position: Position) -> None:
        """Go on from a state and its position."""
        self.engine.restore(state)
        self.position = position

    def _rest_of_epoch(self) -> Iterator[StepRecord]:
        self._seconds = 0.0
        self._examples_timed = 0
        for rows in self.batches(self.position.epoch)[self.position.batch :]:
            yield self._step(rows)

    def _step(self, rows: NumpyArray) -> StepRecord:
        start = perf_counter()
        step = self.position.step + 1
        batch = self.batch(rows, step)
        result = self.engine.train_step(batch, step)
        check_finite(self.engine, batch, step, result)
        self.position = self.position.after_step(result.loss, result.correct, len(rows))
        seconds = perf_counter() - start
        self._seconds += seconds
        self._examples_timed += len(rows)
        return StepRecord(
            step,
            self.position.epoch,
            result.loss,
            result.correct,
            len(rows),
            self.learning_rate(step),
            result.gradient_norm,
            seconds,
        )

    def _end_of_epoch(self) -> EpochRecord:
        done = self.position
        train_loss = done.loss_sum / done.examples
        loss: float | None = None
        accuracy: float | None = None
        if self.validation is not None:
            loss, accuracy = self.evaluate(self.validation)
        self.position = done.after_epoch(train_loss if loss is None else loss)
        return EpochRecord(
            done.epoch,
            done.step,
            train_loss,
            done.correct / done.examples,
            loss,
            accuracy,
            self.learning_rate(done.step),
            self.position.best_epoch == done.epoch,
            self._seconds,
            self._examples_timed / max(self._seconds, 1e-9),
        )
