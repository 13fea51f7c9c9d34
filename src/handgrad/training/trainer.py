"""The training loop: a generator of records."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from math import isfinite
from time import perf_counter
from typing import Any, Self

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.augmentation import Augmentation
from handgrad.augmentation.mixture import Mixer
from handgrad.datasets.dataset import Split
from handgrad.datasets.normalization import Normalization, unit
from handgrad.engine.choose import make_engine
from handgrad.engine.engine import Batch, Between, Engine, nothing
from handgrad.engine.model_lock import lock_of
from handgrad.layers import Sequential
from handgrad.losses import L2, Loss
from handgrad.losses.loss import forward_loss
from handgrad.optimizers import Optimizer
from handgrad.randomness import Key, permutation
from handgrad.schedules import Schedule
from handgrad.training.augmented import operations_of
from handgrad.training.drawn_ahead import DrawnAhead
from handgrad.training.full_batch import content_order
from handgrad.training.non_finite import first_bad, non_finite_error
from handgrad.training.position import Position
from handgrad.training.records import EpochRecord, Record, StepRecord
from handgrad.training.settings import TrainingSettings
from handgrad.training.trainer_check import (
    check_are_images,
    check_augmentation,
    check_averaging,
    check_ending,
    check_kinds,
    check_mixing,
    check_splits,
)
from handgrad.training.weight_average import WeightAverage


class Trainer:
    """Train a network: iterate over the trainer to run it; stop with `break`.

    Every step yields a `StepRecord`, every epoch an `EpochRecord`. The last batch of an
    epoch may be smaller. Order and augmentation are functions of (seed, epoch or step,
    example), so a trainer restored from a state continues bit for bit. With
    `average_from` the network is the mean of several epochs from the end of an epoch
    until the next step.

    `engine` runs the steps; `for_model` creates one. `augmentation` applies to `train`
    but not to `validation`, which is evaluated after each epoch; `learning_rate` is
    the schedule for the records. ConfigError, ShapeError or DatasetError for arguments
    or `settings` that do not fit together; NonFiniteError while iterating.

    Example
        data, model = datasets.load("digits", image_size=(28, 28)), models.lenet()
        loss, optimizer = SoftmaxCrossEntropy(), Adam(0.001)
        trainer = Trainer.for_model(
            model, data.train, data.test, loss=loss, optimizer=optimizer
        )
        records = list(trainer)
    """

    def __init__(
        self,
        engine: Engine,
        train: Split,
        validation: Split | None = None,
        *,
        loss: Loss[Any],
        learning_rate: Schedule,
        settings: TrainingSettings,
        augmentation: Sequence[Augmentation | Mixer] = (),
    ) -> None:
        check_kinds(train, validation, settings)
        self.engine, self.train = engine, train.side_by_side()
        self.validation = None if validation is None else validation.side_by_side()
        check_splits(engine, self.train, self.validation)
        check_augmentation(augmentation)
        check_are_images(engine, settings, augmentation)
        check_averaging(settings, self.validation)
        check_mixing(loss, augmentation)
        check_ending(engine.model, loss)
        engine.make_room(operations_of(self.train, augmentation))
        self.loss, self.settings = loss, settings
        self.learning_rate = learning_rate
        self.augmentation = tuple(augmentation)
        self.position = Position()
        self.average = WeightAverage()
        self.between: Between = nothing  # called between the parts of a long prediction
        self._begun = 0, 0  # the number of the last step started, and its examples
        self._timed, self._seconds = 0, 0.0  # images and seconds of this epoch
        is_whole = self.steps_per_epoch == 1
        self._whole_order = content_order(self.train) if is_whole else None
        key = Key(settings.seed)
        self._order_key = key.child("order")
        self._ahead = DrawnAhead(key.child("augmentation"))

    @classmethod
    def for_model(  # noqa: PLR0913 (everything that a run depends on)
        cls,
        model: Sequential,
        train: Split,
        validation: Split | None = None,
        *,
        loss: Loss[Any],
        optimizer: Optimizer,
        settings: TrainingSettings | None = None,
        engine: str = "cpu",
        normalization: Normalization | None = None,
        augmentation: Sequence[Augmentation | Mixer] = (),
        l2: L2 | None = None,
        clip_norm: float | None = None,
        workers: int | None = None,
        isa: str | None = None,
    ) -> Self:
        """Create a trainer for a `model` with the "cpu" or "plain" `engine`.

        `settings` are those of the loop. `l2` is the L2 term, `clip_norm` the maximum
        gradient norm, `workers` the threads (by default the usable cores), `isa` the
        instruction set that this process is restricted to ("avx2"). The default
        `normalization` scales bytes to 0 to 1 and leaves float32 unchanged.
        """
        settings = TrainingSettings() if settings is None else settings
        check_kinds(train, validation, settings)
        shape = train.image_shape
        made = make_engine(
            engine,
            model,
            loss,
            optimizer,
            normalization or unit(shape[0] if len(shape) == 3 else 1),
            input_shape=shape,
            input_dtype=str(train.images.dtype),
            batch_size=settings.batch_size,
            seed=settings.seed,
            l2=l2,
            clip_norm=clip_norm,
            workers=workers,
            isa=isa,
        )
        return cls(
            made,
            train,
            validation,
            loss=loss,
            learning_rate=optimizer.rate,
            settings=settings,
            augmentation=augmentation,
        )

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches in an epoch; the last may be smaller."""
        return -(-len(self.train) // self.settings.batch_size)

    @property
    def is_finished(self) -> bool:
        """Whether all epochs are done, or early stopping applies."""
        return self.position.is_end(self.settings)

    def __iter__(self) -> Iterator[Record]:
        epoch, batches = 0, []
        while not self.is_finished:
            if epoch != self.position.epoch:
                epoch = self.position.epoch
                batches = self.batches(epoch)
            record = self._next(epoch, batches)
            if record is not None:
                yield record

    def _next(self, epoch: int, batches: list[NumpyArray]) -> Record | None:
        """A step or the end of the epoch; None if another iterator has ended it."""
        with lock_of(self.engine.model):
            self._settle()
            done = self.position
            if done.epoch == epoch and done.batch < len(batches):
                return self._step(batches, done.batch)
        return self._end_of_epoch(done) if done.epoch == epoch else None

    def _settle(self) -> None:
        """Count a step that updated the network but was interrupted afterwards."""
        step, examples = self._begun
        result = self.engine.finished(step) if step > self.position.step else None
        if result is not None:
            loss, correct = result.loss, result.correct
            self.position = self.position.after_step(loss, correct, examples)

    def batches(self, epoch: int) -> list[NumpyArray]:
        """The rows of each batch of an `epoch` (from 1), int64, in order."""
        size = self.settings.batch_size
        if self._whole_order is not None:
            return [self._whole_order]
        order = permutation(self._order_key.at(epoch), len(self.train))
        return [order[start : start + size] for start in range(0, len(order), size)]

    def batch(self, rows: NumpyArray, step: int) -> Batch:
        """The augmented batch of these `rows` at a `step`."""
        return self._batch([rows], 0, step)

    def _batch(self, batches: list[NumpyArray], place: int, step: int) -> Batch:
        """That of `batches[place]`; those after it belong to the steps that follow."""
        return self._ahead.batch(self.train, self.augmentation, batches, place, step)

    def logits(self, images: NumpyArray) -> NumpyArray:
        """Current logits of `images` like the split's: (count, classes), float32.

        `between` is called before each part of the images, and may raise StoppedError.
        """
        answers = partial(self.engine.logits, between=self.between)
        return self.settings.prediction.logits(answers, images)

    def evaluate(self, split: Split) -> tuple[float, float]:
        """Current mean loss (without L2) and accuracy (a fraction) on a `split`.

        The loss is that of training, with its label smoothing; it is weighted if the
        split has weights, the accuracy is not.
        """
        self.engine.check.labels(split)
        logits = self.logits(split.images)
        with np.errstate(all="ignore"):  # the trainer checks for NaN itself
            loss, _ = forward_loss(self.loss, logits, split.targets, split.weights)
        return loss, float(np.mean(logits.argmax(axis=1) == split.targets))

    def state(self) -> dict[str, NumpyArray]:
        """Copies of all arrays that training changes, by name."""
        with lock_of(self.engine.model):
            self._settle()
            return {**self.engine.state(), **self.average.state()}

    def restore(self, state: Mapping[str, NumpyArray], position: Position) -> None:
        """Continue from the `state` of `state()` and its `position`."""
        self.engine.restore(state)
        self.average.restore(state)
        self.position, self._begun = position, (0, 0)
        self._timed, self._seconds = 0, 0.0

    def __getstate__(self) -> dict[str, Any]:
        """State for pickling, without the callback, which belongs to the process."""
        return vars(self) | {"between": nothing}

    def _step(self, batches: list[NumpyArray], place: int) -> StepRecord:
        start = perf_counter()
        step = self.position.step + 1
        rows, batch = batches[place], self._batch(batches, place, step)
        self.average.hide(self.engine)
        self._begun = step, len(rows)
        result = self.engine.train_step(batch, step)
        if not (result.is_finite and isfinite(result.loss)):
            raise non_finite_error(self, batch, step)
        self.position = self.position.after_step(result.loss, result.correct, len(rows))
        seconds = perf_counter() - start
        self._timed, self._seconds = self._timed + len(rows), self._seconds + seconds
        return StepRecord(
            step=step,
            epoch=self.position.epoch,
            loss=result.loss,
            correct=result.correct,
            examples=len(rows),
            learning_rate=self.learning_rate(step),
            gradient_norm=result.gradient_norm,
            duration_seconds=seconds,
        )

    def _end_of_epoch(self, done: Position) -> EpochRecord | None:
        seconds, is_averaged = self._seconds, self.settings.averages(done.epoch)
        if is_averaged:
            with lock_of(self.engine.model):
                self.average.show(self.engine, done.epoch)
        record = done.epoch_record(
            self.measure(self.validation),
            self.learning_rate(done.step),
            seconds=seconds,
            images_per_second=self._timed / max(seconds, 1e-9),
        )
        with lock_of(self.engine.model):
            if self.position is not done:
                return None
            if is_averaged:
                self.average.keep(done.epoch)
            self.position = done.after(record)
        self._timed, self._seconds = 0, 0.0
        return record

    def measure(self, split: Split | None) -> tuple[float | None, float | None]:
        """`evaluate` on a `split`, (None, None) without one.

        NonFiniteError for NaN or infinity.
        """
        if split is None:
            return None, None
        loss, accuracy = self.evaluate(split)
        if not isfinite(loss):
            batch = first_bad(self, split)
            raise non_finite_error(self, batch, self.position.step, training=False)
        return loss, accuracy
