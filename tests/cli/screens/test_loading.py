import io

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


def test_kernels_that_take_long_are_explained_once(capsys):
    clock = Clock()
    announce = Compiling(clock=clock)
    for clock.now in (0.0, 0.1, 2.0, 4.0):
        announce("convolution")
    assert capsys.readouterr() == (
        "",
        "Compiling kernels, this once; they are kept on disk.\n",
    )


def test_kernels_from_the_disk_are_not_mentioned(capsys):
    clock = Clock()
    announce = Compiling(clock=clock)
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
