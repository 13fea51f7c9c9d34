from types import SimpleNamespace

import pytest

from handgrad.auto.deadline import CLOSING, Deadline
from handgrad.training.records import EpochRecord, StepRecord
from handgrad.training.settings import TrainingSettings


class Clock:
    """Seconds that pass only when told."""

    now = 0.0

    def __call__(self):
        return self.now


class Trained:
    """A trainer of so many epochs, each of one step and `seconds(epoch)`."""

    def __init__(self, clock, epochs, seconds):
        self.clock, self.seconds, self.rescheduled = clock, seconds, []
        self.settings = TrainingSettings(epochs)
        self.position = SimpleNamespace(epoch=1)

    @property
    def is_finished(self):
        return self.position.epoch > self.settings.epochs

    def __iter__(self):
        while not self.is_finished:
            epoch = self.position.epoch
            seconds = self.seconds(epoch)
            self.clock.now += seconds
            yield StepRecord(epoch, epoch, 1.0, 1, 1, 0.1, None, seconds)
            self.position.epoch += 1
            yield EpochRecord(epoch, epoch, 1.0, 1.0, None, None, 0.1, True, 0.0, 1.0)

    def reschedule(self, epochs, *, early_stopping=None):
        """As a run does it."""
        self.rescheduled.append(epochs)
        self.settings = TrainingSettings(epochs, early_stopping=early_stopping)


def epochs_of(minutes, epochs, seconds, *, before=0.0, grant=0.0, most=0):
    """Epochs trained, the changes, the deadline; `CLOSING` is added to the minutes."""
    clock = Clock()
    deadline = Deadline(minutes + CLOSING / 60, clock)
    trained = Trained(clock, epochs, seconds)
    clock.now += before
    deadline.grant(grant)
    deadline.most = most
    records = list(deadline.watch(trained, trained, trained.reschedule))
    return len(records) // 2, trained.rescheduled, deadline


def test_a_training_in_time_is_whole():
    epochs, changes, deadline = epochs_of(1, 6, lambda epoch: 10)
    assert (epochs, changes, deadline.planned) == (6, [], None)
    assert (deadline.is_cut, deadline.elapsed()) == (False, 60)


@pytest.mark.parametrize(("seconds", "epochs"), [(11, 5), (15, 3), (20, 2), (31, 1)])
def test_a_slower_machine_trains_fewer_epochs(seconds, epochs):
    found, changes, deadline = epochs_of(1, 6, lambda epoch: seconds)
    assert found == epochs
    assert deadline.elapsed() <= 60
    assert changes == ([] if deadline.is_cut else [epochs])


def test_a_machine_that_slows_down_later_ends_in_time():
    found, changes, deadline = epochs_of(1, 50, lambda epoch: 1 if epoch < 20 else 2)
    assert 34 <= found <= 40
    assert changes == sorted(changes, reverse=True)
    assert changes[-1] == found
    assert (deadline.planned, deadline.is_cut) == (50, False)
    assert deadline.elapsed() <= 60


@pytest.mark.parametrize("slow", [5, 9, 14])
def test_a_slow_first_epoch_changes_nothing(slow):
    found, changes, _ = epochs_of(1, 45, lambda epoch: slow if epoch == 1 else 1)
    assert (found, changes) == (45, [])


def test_after_a_slow_first_epoch_the_time_is_used():
    found, _, deadline = epochs_of(
        1, 25, lambda epoch: 8.6 if epoch == 1 else 0.6, before=24, most=120
    )
    assert found > 40
    assert 57 <= deadline.elapsed() <= 60


@pytest.mark.parametrize("slow", [3, 4])
def test_after_some_slow_epochs_the_time_is_used(slow):
    found, changes, deadline = epochs_of(
        1, 25, lambda epoch: 8 if epoch <= slow else 0.6, most=120
    )
    assert min(changes) <= 8
    assert changes[-1] == found >= 24
    assert 50 <= deadline.elapsed() <= 60


def test_time_is_left_for_the_end_of_the_run():
    deadline = Deadline(1)
    assert deadline.latest == 60 - CLOSING
    assert Deadline(0.05).latest == 1.5


def test_the_time_begins_before_the_deadline():
    clock = Clock()
    deadline = Deadline(1, clock, before=7.0)
    clock.now += 2
    assert deadline.elapsed() == 9


def test_the_patience_follows_the_epochs():
    clock = Clock()
    deadline, trained = Deadline(1, clock), Trained(clock, 6, lambda epoch: 1)
    deadline.most, deadline.patience = 100, lambda epochs: epochs // 2
    list(deadline.watch(trained, trained, trained.reschedule))
    assert trained.settings.early_stopping == trained.rescheduled[-1] // 2


@pytest.mark.parametrize("start", [5, 20, 40])
def test_a_short_delay_changes_nothing(start):
    slow = range(start, start + max(1, start // 7))
    found, changes, _ = epochs_of(1, 45, lambda epoch: 2.5 if epoch in slow else 1)
    assert (found, changes) == (45, [])


def test_without_time_for_another_epoch_it_ends():
    found, changes, deadline = epochs_of(1, 4, lambda epoch: 40)
    assert (found, changes, deadline.is_cut) == (1, [], True)


def test_the_last_epoch_is_not_a_cut():
    assert not epochs_of(1, 1, lambda epoch: 500)[2].is_cut


def test_what_was_granted_is_kept_after_a_late_start():
    assert epochs_of(1, 6, lambda epoch: 10, before=55)[0] == 1
    assert epochs_of(1, 6, lambda epoch: 10, before=55, grant=60)[0] == 6


@pytest.mark.parametrize(
    ("seconds", "most", "epochs"),
    [
        (5, 0, 6),  # never more by default
        (5, 7, 7),
        (5, 100, 11),
        (8.5, 100, 6),  # one more is fewer than the margin
        (1, 100, 54),
    ],
)
def test_a_faster_machine_trains_more_epochs(seconds, most, epochs):
    found, changes, deadline = epochs_of(1, 6, lambda epoch: seconds, most=most)
    assert (found, changes) == (epochs, [epochs] if epochs != 6 else [])
    assert deadline.elapsed() <= 60
    assert deadline.planned == (6 if changes else None)


def test_a_machine_that_becomes_fast_again_takes_its_time():
    slow = range(1, 9)
    found, changes, deadline = epochs_of(
        1, 40, lambda epoch: 3 if epoch in slow else 1, most=40
    )
    assert min(changes) < 20
    assert changes[-1] == found > 30
    assert 50 <= deadline.elapsed() <= 60
