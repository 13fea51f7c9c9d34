import io

import pytest
from rich.console import Console

from handgrad.cli.screens import progress
from handgrad.cli.screens.progress import TrainingScreen, duration, epoch_line
from handgrad.training.records import EpochRecord, StepRecord

EPOCH = EpochRecord(2, 4, 0.51234, 0.9, 0.4, 0.955, 0.1, True, 1.25, 8.0)


def step(epoch, loss, correct, images):
    return StepRecord(1, epoch, loss, correct, images, 0.1, None, 0.5)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1.0, "0 s"), (8.2, "8 s"), (59.6, "1:00"), (187.0, "3:07"), (3729.0, "1:02:09")],
)
def test_durations_are_said_as_readers_say_them(seconds, words):
    assert duration(seconds) == words


def test_numbers_are_means_of_the_epoch_and_rates_of_the_run():
    clock = Clock()
    screen = TrainingScreen(epochs=2, steps=10, quiet=True, clock=clock)
    screen.show(step(1, 2.0, 10, 20))
    screen.show(step(1, 1.0, 9, 10))
    clock.now = 4.0
    assert screen.numbers(clock.now) == (
        "loss 1.6667  accuracy 63.3%  8 images/s  16 s left"
    )


def test_a_resumed_run_counts_only_its_own_steps_for_the_time_left():
    clock = Clock()
    screen = TrainingScreen(epochs=2, steps=10, steps_before=8, quiet=True, clock=clock)
    screen.show(step(2, 1.0, 1, 1))
    clock.now = 3.0
    assert screen.numbers(clock.now).endswith("3 s left")


def test_fewer_epochs_are_said_and_counted(capsys):
    clock = Clock()
    screen = TrainingScreen(epochs=10, steps=20, clock=clock)
    screen.show(step(1, 1.0, 1, 1))
    screen.reschedule(4)
    clock.now = 2.0
    assert screen.numbers(clock.now).endswith("14 s left")
    assert capsys.readouterr().err == (
        "The epochs take longer than planned: 4 epochs instead of 10.\n"
    )
    screen.reschedule(12)
    assert capsys.readouterr().err == (
        "There is time for more epochs than planned: 12 epochs instead of 4.\n"
    )
    assert screen.numbers(clock.now).endswith("46 s left")


def test_in_a_pipe_there_is_one_plain_line_for_each_epoch(capsys):
    with TrainingScreen(epochs=2, steps=4) as screen:
        screen.show(step(2, 1.0, 1, 2))
        screen.show(EPOCH)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "epoch   2  loss  0.5123  accuracy 90.00%  "
        "validation  0.4000 95.50%     1.2 s  best\n"
    )


def test_quiet_says_nothing(capsys):
    with TrainingScreen(epochs=2, steps=4, quiet=True) as screen:
        screen.show(step(1, 1.0, 1, 2))
        screen.show(EPOCH)
        screen.say("a word")
    assert capsys.readouterr() == ("", "")


def test_in_a_terminal_the_bar_is_drawn_and_taken_away(monkeypatch):
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, width=120, markup=False)
    monkeypatch.setattr(progress, "console", lambda stderr: terminal)
    clock = Clock()
    with TrainingScreen(epochs=2, steps=4, clock=clock) as screen:
        clock.now = 1.0
        screen.show(step(1, 1.0, 1, 2))
        screen.show(EPOCH)
    written = stream.getvalue()
    assert "epoch 1/2" in written
    assert "2 images/s" in written
    assert "\x1b[?25h" in written  # the cursor is given back


def test_without_validation_the_line_leaves_it_out():
    record = EpochRecord(1, 2, 0.5, 0.9, None, None, 0.1, False, 1.0, 8.0)
    assert epoch_line(record) == "epoch   1  loss  0.5000  accuracy 90.00%     1.0 s"
