"""Output that fails costs no work: streams closed, full, or without an alphabet."""

import os
import shlex
import subprocess
import sys

import pytest

from handgrad.cli.screens.streams import ProgressStream

PYTHON = shlex.quote(sys.executable)
PROGRAM = f"{PYTHON} -c 'from handgrad.cli.main import main; main()'"
TRAIN = "train mlp --epochs 2 --train-count 100 --run"
ANSWERS = ["models", "--help"]
CLOSED = [">&- 2>&-", "<&- >&- 2>&-"]


def shell(line, **environment):
    return subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | environment,
    )


@pytest.mark.parametrize("to", [*CLOSED, "2>/dev/full"])
def test_training_goes_on_whatever_becomes_of_its_words(to, tmp_path):
    done = shell(f"{PROGRAM} {TRAIN} {tmp_path}/run {to}")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "run" / "result.json").exists()
    # no words in a file that took the place of a closed stream
    assert shell(f"{PROGRAM} verify {tmp_path}/run").returncode == 0


def test_an_answer_that_cannot_be_given_is_said_after_all_is_saved(tmp_path):
    done = shell(f"{PROGRAM} {TRAIN} {tmp_path}/run --json >/dev/full")
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Standard output cannot be used: the disk is full.")
    assert (tmp_path / "run" / "result.json").exists()


@pytest.mark.parametrize("command", ANSWERS)
def test_a_closed_stdout_is_what_the_user_wants(command):
    done = shell(f"{PROGRAM} {command} >&-")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ANSWERS)
def test_a_full_stdout_is_said(command):
    done = shell(f"{PROGRAM} {command} >/dev/full")
    assert done.returncode == 2
    assert "Standard output cannot be used: the disk is full" in done.stderr


@pytest.mark.parametrize("command", ["train --help", "inspect jacobians"])
def test_a_stdout_of_ascii_alone_works(command):
    done = shell(f"{PROGRAM} {command}", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


class Broken:
    encoding = "utf-8"

    def __init__(self, error):
        self.error, self.calls = error, 0

    def write(self, text):
        self.calls += 1
        raise self.error

    flush = write

    def fileno(self):
        raise OSError


@pytest.mark.parametrize("error", [OSError(28, "full"), ValueError("closed")])
def test_a_stream_of_progress_is_given_up_once(error):
    broken = Broken(error)
    stream = ProgressStream(broken)
    print("one", "two", file=stream, flush=True)
    stream.writelines(["three", "four"])
    stream.flush()
    assert broken.calls == 1
    assert stream.encoding == "utf-8"
