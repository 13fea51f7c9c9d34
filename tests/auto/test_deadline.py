from types import SimpleNamespace

from handgrad.auto.deadline import Deadline
from handgrad.training.records import EpochRecord, StepRecord
from handgrad.training.settings import TrainingSettings


class Clock:
    """Seconds that pass only when told."""

    now = 0.0

    def __call__(self):
        return self.now


class Trained:
    """A trainer of so many epochs, each of one step and some seconds."""

    def __init__(self, clock, epochs, seconds):
        self.clock, self.seconds = clock, seconds
        self.settings = TrainingSettings(epochs)
        self.position = SimpleNamespace(epoch=1)

    @property
    def is_finished(self):
        return self.position.epoch > self.settings.epochs

    def __iter__(self):
        while not self.is_finished:
            epoch = self.position.epoch
            self.clock.now += self.seconds
            yield StepRecord(epoch, epoch, 1.0, 1, 1, 0.1, None, self.seconds)
            self.position.epoch += 1
            yield EpochRecord(epoch, epoch, 1.0, 1.0, None, None, 0.1, True, 0.0, 1.0)


def epochs_of(minutes, epochs, seconds, *, before=0.0, grant=0.0):
    clock = Clock()
    deadline, trained = Deadline(minutes, clock), Trained(clock, epochs, seconds)
    clock.now += before
    deadline.grant(grant)
    records = list(deadline.watch(trained, trained))
    return len(records) // 2, deadline


def test_a_training_in_time_is_whole():
    epochs, deadline = epochs_of(1, 6, 10)
    assert (epochs, deadline.is_cut, deadline.elapsed()) == (6, False, 60)


def test_a_machine_that_slows_down_ends_at_an_epoch_in_time():
    epochs, deadline = epochs_of(1, 6, 15)
    assert (epochs, deadline.is_cut, deadline.elapsed()) == (4, True, 60)
    assert epochs_of(1, 6, 12)[0] == 5


def test_the_last_epoch_is_not_a_cut():
    epochs, deadline = epochs_of(1, 4, 15.1)
    assert (epochs, deadline.is_cut) == (3, True)
    assert not epochs_of(1, 1, 500)[1].is_cut


def test_what_was_granted_is_kept_after_a_late_start():
    assert epochs_of(1, 6, 10, before=55)[0] == 1
    assert epochs_of(1, 6, 10, before=55, grant=60)[0] == 6
