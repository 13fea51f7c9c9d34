import io

from rich.console import Console

from handgrad.cli.screens import loading as module
from handgrad.cli.screens.loading import loading


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
