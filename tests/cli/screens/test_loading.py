import io

from rich.console import Console

from handgrad.cli.screens import loading as module
from handgrad.cli.screens.loading import compiling, loading


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


def test_kernels_are_one_sentence_in_a_pipe(capsys):
    with compiling() as announce:
        announce("convolution")
        announce("product")
    assert capsys.readouterr() == (
        "",
        "Compiling kernels, this once; they are kept on disk.\n",
    )


def test_nothing_to_compile_says_nothing(capsys):
    with compiling():
        pass
    with compiling(quiet=True) as announce:
        announce("convolution")
    assert capsys.readouterr() == ("", "")


def test_kernels_pass_by_in_a_terminal(monkeypatch):
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, width=100)
    monkeypatch.setattr(module, "console", lambda stderr: terminal)
    with compiling() as announce:
        announce("convolution")
    assert "Compiling kernels, this once" in stream.getvalue()
    assert "\x1b[?25h" in stream.getvalue()  # the cursor is given back
