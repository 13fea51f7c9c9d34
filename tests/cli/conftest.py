"""The program, called as from a shell, but in this process."""

import re
import shlex
import signal
from typing import NamedTuple

import pytest

from handgrad.cli.main import run

ENDING = (
    r"\.\n$|: (handgrad|--|/).*[^.]\n$"  # a full stop, or a command or a path to copy
)


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def heard():
    """Signals that end a program do so here and in children, even below nohup."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def handgrad(capsys, tmp_path, monkeypatch):
    """Call the program with one line of words, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(line):
        capsys.readouterr()
        code = run(shlex.split(line))
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def refused(handgrad, tmp_path):
    """Call it with a mistake: one sentence, exit code 2, no file made."""

    def call(line):
        before = sorted(tmp_path.rglob("*"))
        code, out, err = handgrad(line)
        assert code == 2, err
        assert out == ""
        assert err.count("\n") == 1
        assert re.search(ENDING, err)
        assert "Traceback" not in err
        assert sorted(tmp_path.rglob("*")) == before
        return err

    return call


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A small run with its figures: softmax regression on the digits, two epochs."""
    folder = tmp_path_factory.mktemp("runs") / "softmax"
    words = "softmax_regression --optimizer adam --learning-rate 0.01 --epochs 2"
    with pytest.MonkeyPatch.context() as variables:
        variables.delenv("HANDGRAD_FIGURES", raising=False)
        assert run(shlex.split(f"train {words} --engine plain -q --run {folder}")) == 0
    return folder
