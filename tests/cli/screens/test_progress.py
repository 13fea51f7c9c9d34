import io

import pytest
from rich.console import Console

from handgrad.cli.screens import progress
from handgrad.cli.screens.progress import EpochLine, TrainingScreen, duration

LINE = EpochLine(
    epoch=2,
    train_loss=0.51234,
    train_accuracy=0.9,
    validation_loss=0.4,
    validation_accuracy=0.955,
    seconds=1.25,
    is_best=True,
)


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
    screen.step(epoch=1, loss=2.0, correct=10, images=20)
    screen.step(epoch=1, loss=1.0, correct=9, images=10)
    clock.now = 4.0
    assert screen.numbers(clock.now) == (
        "loss 1.6667  accuracy 63.3%  8 images/s  16 s left"
    )


def test_a_resumed_run_counts_only_its_own_steps_for_the_time_left():
    clock = Clock()
    screen = TrainingScreen(epochs=2, steps=10, steps_before=8, quiet=True, clock=clock)
    screen.step(epoch=2, loss=1.0, correct=1, images=1)
    clock.now = 3.0
    assert screen.numbers(clock.now).endswith("3 s left")


def test_in_a_pipe_there_is_one_plain_line_for_each_epoch(capsys):
    with TrainingScreen(epochs=2, steps=4) as screen:
        screen.step(epoch=2, loss=1.0, correct=1, images=2)
        screen.epoch(LINE)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "epoch   2  loss  0.5123  accuracy 90.00%  "
        "validation  0.4000 95.50%     1.2 s  best\n"
    )


def test_quiet_says_nothing(capsys):
    with TrainingScreen(epochs=2, steps=4, quiet=True) as screen:
        screen.step(epoch=1, loss=1.0, correct=1, images=2)
        screen.epoch(LINE)
        screen.say("a word")
    assert capsys.readouterr() == ("", "")


def test_in_a_terminal_the_bar_is_drawn_and_taken_away(monkeypatch):
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, width=120, markup=False)
    monkeypatch.setattr(progress, "console", lambda stderr: terminal)
    clock = Clock()
    with TrainingScreen(epochs=2, steps=4, clock=clock) as screen:
        clock.now = 1.0
        screen.step(epoch=1, loss=1.0, correct=1, images=2)
        screen.epoch(LINE)
    written = stream.getvalue()
    assert "epoch 1/2" in written
    assert "2 images/s" in written
    assert "\x1b[?25h" in written  # the cursor is given back


def test_without_validation_the_line_leaves_it_out():
    line = EpochLine(1, 0.5, 0.9, None, None, 1.0, False)
    assert "validation" not in str(line)
