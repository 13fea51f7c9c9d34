import io
import itertools

import pytest
from rich.console import Console

from handgrad.cli.screens import loading as module
from handgrad.cli.screens.loading import Compiling, loading
from handgrad.errors import StoppedError


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_in_a_pipe_each_thing_is_named_once(capsys):
    with loading() as report:
        for done in (0, 5, 10):
            report("mnist images", done, 10)
        report("mnist labels", 1, 0)  # of unknown size
    assert capsys.readouterr() == ("", "mnist images\nmnist labels\n")


def test_quiet_says_nothing(capsys):
    with loading(quiet=True) as report:
        report("mnist images", 1, 10)
    assert capsys.readouterr() == ("", "")


def test_in_a_terminal_a_bar_is_drawn(monkeypatch):
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, width=100)
    monkeypatch.setattr(module, "console", lambda stderr: terminal)
    with loading() as report:
        report("mnist images", 5, 10)
    assert "mnist images" in stream.getvalue()
    assert "50 %" in stream.getvalue()


KEPT = "Compiling kernels (only once; cached on disk).\n"
LOST = "Compiling kernels; they cannot be cached on disk.\n"


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([(0, 0), (1, 1), (2, 2)], KEPT),
        ([(7, 7), (8, 7), (9, 7)], LOST),
        ([(7, 7), (7, 7), (7, 7)], ""),
        ([(0, 0), (0, 0), (1, 1)], KEPT),
        ([(7, 7), (7, 7), (8, 7)], LOST),
    ],
)
def test_kernels_that_take_long_are_explained_once(capsys, counts, said):
    """Only what was compiled, and not what a slow disk took long to hand out."""
    clock, coming = Clock(), iter(counts)
    announce = Compiling(clock=clock, counts=lambda: next(coming))
    for clock.now in (0.0, 0.1, 2.0, 4.0):
        announce("convolution")
    assert capsys.readouterr() == ("", said)


def test_kernels_that_are_quick_are_not_mentioned(capsys):
    clock, coming = Clock(), itertools.count()
    announce = Compiling(clock=clock, counts=lambda: (next(coming), 0))
    for clock.now in (0.0, 0.1, 0.2):
        announce("convolution")
    assert capsys.readouterr() == ("", "")


def test_quiet_says_nothing_of_kernels(capsys):
    clock = Clock()
    announce = Compiling(quiet=True, clock=clock)
    for clock.now in (0.0, 2.0):
        announce("convolution")
    assert capsys.readouterr() == ("", "")


def test_between_two_kernels_somebody_may_ask_for_an_end():
    def refuse():
        raise StoppedError("now")

    with pytest.raises(StoppedError, match="now"):
        Compiling(refuse)("product")
