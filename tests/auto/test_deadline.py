from types import SimpleNamespace

import pytest

from handgrad.auto.deadline import Deadline
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
        self.clock, self.seconds, self.shortened = clock, seconds, []
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

    def shorten(self, epochs):
        """As a run does it."""
        self.shortened.append(epochs)
        self.settings = TrainingSettings(epochs)


def epochs_of(minutes, epochs, seconds, *, before=0.0, grant=0.0):
    clock = Clock()
    deadline, trained = Deadline(minutes, clock), Trained(clock, epochs, seconds)
    clock.now += before
    deadline.grant(grant)
    records = list(deadline.watch(trained, trained, trained.shorten))
    return len(records) // 2, trained.shortened, deadline


def test_a_training_in_time_is_whole():
    epochs, shortened, deadline = epochs_of(1, 6, lambda epoch: 10)
    assert (epochs, shortened, deadline.planned) == (6, [], None)
    assert (deadline.is_cut, deadline.elapsed()) == (False, 60)


@pytest.mark.parametrize(("seconds", "epochs"), [(11, 5), (15, 3), (20, 2), (31, 1)])
def test_a_slower_machine_trains_fewer_epochs(seconds, epochs):
    found, shortened, deadline = epochs_of(1, 6, lambda epoch: seconds)
    assert found == epochs
    assert deadline.elapsed() <= 60
    assert shortened == ([] if deadline.is_cut else [epochs])


def test_a_machine_that_slows_down_later_ends_in_time():
    found, shortened, deadline = epochs_of(1, 50, lambda epoch: 1 if epoch < 20 else 2)
    assert 34 <= found <= 40
    assert shortened == sorted(shortened, reverse=True)
    assert shortened[-1] == found
    assert (deadline.planned, deadline.is_cut) == (50, False)
    assert deadline.elapsed() <= 60


def test_a_slow_first_epoch_changes_nothing():
    found, shortened, _ = epochs_of(1, 50, lambda epoch: 5 if epoch == 1 else 1)
    assert (found, shortened) == (50, [])


@pytest.mark.parametrize("start", [5, 20, 40])
def test_a_short_delay_changes_nothing(start):
    slow = range(start, start + max(1, start // 7))
    found, shortened, _ = epochs_of(1, 45, lambda epoch: 2.5 if epoch in slow else 1)
    assert (found, shortened) == (45, [])


def test_without_time_for_another_epoch_it_ends():
    found, shortened, deadline = epochs_of(1, 4, lambda epoch: 40)
    assert (found, shortened, deadline.is_cut) == (1, [], True)


def test_the_last_epoch_is_not_a_cut():
    assert not epochs_of(1, 1, lambda epoch: 500)[2].is_cut


def test_what_was_granted_is_kept_after_a_late_start():
    assert epochs_of(1, 6, lambda epoch: 10, before=55)[0] == 1
    assert epochs_of(1, 6, lambda epoch: 10, before=55, grant=60)[0] == 6
