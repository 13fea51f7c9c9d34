"""The end of a training that has so many minutes, on a machine whose speed changes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from statistics import median
from time import monotonic
from typing import Protocol

from handgrad.training.records import EpochRecord, Record
from handgrad.training.trainer import Trainer

CLOSING = 3.0  # seconds for the files and figures of the run, and the test
FIRST = 3  # epochs that are awaited before the others are judged by them
RECENT = 1 / 3  # of the epochs so far: the next are expected to have their median
RESERVE = 0.95  # of the time left, that fewer epochs are fitted to
MARGIN = 0.9  # of the time left, that more epochs are fitted to
WORTH = 1.2  # times the epochs left: less changes little
LATE = 2 / 3  # of the schedule, after which the learning rate is low
IDLE = 0.2  # of the minutes: so much time is used even then


class Reschedule(Protocol):
    """Changes the number of epochs, and the patience of an early stop."""

    def __call__(self, epochs: int, *, early_stopping: int | None = None) -> None:
        """None leaves the patience as it is."""


class Deadline:
    """A clock that ends a training before it takes too long.

    If the epochs take longer than planned, there will be fewer of them, and the
    learning rate falls sooner; if they take less time, there will be more, up to
    `most`. `clock` returns seconds. The time begins `before` the deadline is made;
    `planned` is the number of epochs before the first change, if there was one, and
    `is_cut` whether even then the training had to be ended. `patience` returns that
    of an early stop for a number of epochs; None leaves it as it is.

    Units
        minutes  of the whole command: reading, measuring, training, testing
        before   seconds that have passed already
    """

    def __init__(
        self,
        minutes: float,
        clock: Callable[[], float] = monotonic,
        *,
        before: float = 0.0,
    ) -> None:
        self.seconds = 60 * minutes
        self.clock = clock
        self.epoch_begun = clock()
        self.begun = self.epoch_begun - before
        self.latest = max(self.seconds - CLOSING, self.seconds / 2)
        self.lengths: list[float] = []  # of the epochs so far
        self.passed = 0.0  # the part of the learning rate's schedule that is over
        self.most = 0  # epochs; by default there are never more than planned
        self.patience: Callable[[int], int] | None = None
        self.planned: int | None = None
        self.is_cut = False

    def elapsed(self) -> float:
        """Seconds since the time began."""
        return self.clock() - self.begun

    def grant(self, seconds: float) -> None:
        """Allow so many seconds from now on, even if the rest took all the time."""
        self.latest = max(self.latest, self.elapsed() + seconds)

    def check(self, trainer: Trainer, record: Record, reschedule: Reschedule) -> None:
        """After an epoch, change the number of epochs if they will not fit the time.

        Without time for another epoch, the training ends.
        """
        if not isinstance(record, EpochRecord):
            if record.step == 1:
                self.epoch_begun = self.clock() - record.duration_seconds
            return
        now = self.clock()
        self.lengths.append(now - self.epoch_begun)
        self.epoch_begun = now
        if trainer.is_finished:
            return
        epochs, done = trainer.settings.epochs, trainer.position.epoch - 1
        self.passed += (1 - self.passed) / (epochs - done + 1)
        fitting = self._fitting(epochs - done, most=self.most - done)
        if not fitting:
            trainer.settings = replace(trainer.settings, epochs=done)
            self.is_cut = True
        elif fitting != epochs - done:
            self.planned = self.planned or epochs
            epochs = done + fitting
            patience = self.patience(epochs) if self.patience else None
            reschedule(epochs, early_stopping=patience)

    def _fitting(self, planned: int, *, most: int) -> int:
        """How many epochs fit the time left: `planned`, if about so many do."""
        left, epoch = max(0.0, self.latest - self.elapsed()), self._expected()
        is_known = len(self.lengths) >= FIRST  # the first epochs may be slow
        if planned * epoch <= left:
            more = min(int(MARGIN * left / epoch), most)
            is_idle = (more - planned) * epoch >= IDLE * self.seconds
            is_worth = more >= WORTH * planned and (is_idle or self.passed <= LATE)
            return more if is_known and is_worth else planned
        fewer = int(RESERVE * left / epoch) or int(left / epoch)
        return fewer if is_known or fewer <= 1 else planned

    def _expected(self) -> float:
        """Seconds of the next epochs; a short delay changes the median little."""
        if len(self.lengths) < FIRST:
            return min(self.lengths)
        count = max(FIRST, round(RECENT * len(self.lengths)))
        return median(self.lengths[-count:])

    def watch(
        self, trainer: Trainer, records: Iterable[Record], reschedule: Reschedule
    ) -> Iterator[Record]:
        """Pass on the `records` of a `trainer` and check each, see `check`."""
        for record in records:
            self.check(trainer, record, reschedule)
            yield record
