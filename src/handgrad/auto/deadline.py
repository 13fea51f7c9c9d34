"""The end of a training that has so many minutes, also on a machine that slows down."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from time import monotonic

from handgrad.training.records import EpochRecord, Record
from handgrad.training.trainer import Trainer

LATEST = 1.0  # of the minutes, for training; the test and the figures follow


class Deadline:
    """A clock that ends a training at an epoch boundary before it takes too long.

    `clock` returns seconds. The time begins when the deadline is made.

    Units
        minutes  of the whole command: reading, measuring, training, testing
    """

    def __init__(self, minutes: float, clock: Callable[[], float] = monotonic) -> None:
        self.seconds = 60 * minutes
        self.clock = clock
        self.begun = self.epoch_begun = clock()
        self.latest = LATEST * self.seconds
        self.is_cut = False

    def elapsed(self) -> float:
        """Seconds since the deadline was made."""
        return self.clock() - self.begun

    def grant(self, seconds: float) -> None:
        """Allow so many seconds from now on, even if the rest took all the time."""
        self.latest = max(self.latest, self.elapsed() + seconds)

    def check(self, trainer: Trainer, record: Record) -> None:
        """End the training after this epoch if another one would end too late."""
        if not isinstance(record, EpochRecord):
            if record.step == 1:
                self.epoch_begun = self.clock() - record.duration_seconds
            return
        now = self.clock()
        epoch, self.epoch_begun = now - self.epoch_begun, now
        late = self.elapsed() + epoch > self.latest
        if late and not trainer.is_finished:
            epochs = trainer.position.epoch - 1
            trainer.settings = replace(trainer.settings, epochs=epochs)
            self.is_cut = True

    def watch(self, trainer: Trainer, records: Iterable[Record]) -> Iterator[Record]:
        """Pass on the `records` of a `trainer` and check each."""
        for record in records:
            self.check(trainer, record)
            yield record
