"""The end of a training that has so many minutes, also on a machine that slows down."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from statistics import median
from time import monotonic

from handgrad.training.records import EpochRecord, Record
from handgrad.training.trainer import Trainer

FIRST = 3  # epochs that are awaited before the others are judged by them
RECENT = 1 / 3  # of the epochs so far: the next are expected to have their median
RESERVE = 0.95  # of the time left, that fewer epochs are fitted to

Shorten = Callable[[int], None]


class Deadline:
    """A clock that ends a training before it takes too long.

    If the epochs take longer than planned, there will be fewer of them, and the
    learning rate falls sooner. `clock` returns seconds. The time begins when the
    deadline is made; `planned` is the number of epochs before the first change, if
    there was one, and `is_cut` whether even then the training had to be ended.

    Units
        minutes  of the whole command: reading, measuring, training, testing
    """

    def __init__(self, minutes: float, clock: Callable[[], float] = monotonic) -> None:
        self.seconds = 60 * minutes
        self.clock = clock
        self.begun = self.epoch_begun = clock()
        self.latest = self.seconds
        self.lengths: list[float] = []  # of the epochs so far
        self.planned: int | None = None
        self.is_cut = False

    def elapsed(self) -> float:
        """Seconds since the deadline was made."""
        return self.clock() - self.begun

    def grant(self, seconds: float) -> None:
        """Allow so many seconds from now on, even if the rest took all the time."""
        self.latest = max(self.latest, self.elapsed() + seconds)

    def check(self, trainer: Trainer, record: Record, shorten: Shorten) -> None:
        """After an epoch, `shorten` the training, or end it, if it would end too late.

        `shorten` takes the new number of epochs.
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
        left, epoch = self.latest - self.elapsed(), self._expected()
        if (epochs - done) * epoch <= left:
            return
        fitting = int(RESERVE * left / epoch) or int(left / epoch)
        if fitting > FIRST > len(self.lengths):
            return  # the first epochs may be slow: more are needed to judge
        if fitting > 0:
            self.planned = self.planned or epochs
            shorten(done + fitting)
        else:
            trainer.settings = replace(trainer.settings, epochs=done)
            self.is_cut = True

    def _expected(self) -> float:
        """Seconds of the next epochs; a short delay changes the median little."""
        count = max(FIRST, round(RECENT * len(self.lengths)))
        return median(self.lengths[-count:])

    def watch(
        self, trainer: Trainer, records: Iterable[Record], shorten: Shorten
    ) -> Iterator[Record]:
        """Pass on the `records` of a `trainer` and check each, see `check`."""
        for record in records:
            self.check(trainer, record, shorten)
            yield record
