"""Stopped by a signal at a random moment: saved, the code, nothing left (R17)."""

import os
import random
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep

import pytest

from handgrad.training import resume
from handgrad.training.run_folder import RunFolder

PROGRAM = "from handgrad.cli.main import main; main()"
SLOW_EVALUATION = f"""
from time import sleep
from handgrad.datasets.normalization import Normalization
from handgrad.engine import plain
real = Normalization.apply

def apply(self, images):
    sleep(0.05 if len(images) == 1 else 0)
    return real(self, images)

Normalization.apply, plain.PREDICTION_BATCH = apply, 1
{PROGRAM}
"""
BUSY = "while True: pass"
WORDS = "train mlp --epochs 400 --batch-size 16 --set hidden_sizes=32,"
SECONDS = 2.0  # from the signal to the end
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
pytestmark = pytest.mark.usefixtures("heard")
SHARED = Path("/dev/shm")


@contextmanager
def training(folder, engine, *, at_once=False, program=PROGRAM, **environment):
    """The program in a session of its own; nothing of it may be left afterwards.

    What ends `at_once` may leave a file half written, as if killed: never in place.
    """
    before = set(SHARED.iterdir())
    words = [*WORDS.split(), "--engine", engine, "-q", "--run", str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert soon(lambda: members(process.pid) == []), "a child is left"
    assert {path for path in SHARED.iterdir() if not is_others(path)} <= before
    assert at_once or not half_written(folder)


def soon(holds):
    """Whether something holds within a second: a child sees that its parent ended."""
    end = perf_counter() + 1
    while not holds() and perf_counter() < end:
        sleep(0.01)
    return holds()


def is_others(path):
    """Whether a living process is named in it; those of the session are dead."""
    named = re.findall(r"\d+", path.name)
    return any(Path("/proc", number).exists() for number in named)


def half_written(folder):
    return [path for path in folder.rglob("*") if path.name.startswith(".tmp-")]


def members(session):
    """The processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # gone by now
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(path.parent.name)
    return found


def wait_for(process, folder, pattern):
    while not list(folder.glob(pattern)):
        assert process.poll() is None, process.stderr.read()
        sleep(0.005)


def ended(process, *numbers, pause=0.0):
    """Send these signals; what was said, the code, and seconds until the end."""
    before = perf_counter()
    for number in numbers:
        process.send_signal(number)
        sleep(pause)
    said = process.stderr.read()
    code = process.wait()
    return said, code, perf_counter() - before


def stopped_at_random(folder, number, engine, draw):
    """Send a signal while a run goes; seconds until it ended."""
    with training(folder, engine) as process:
        wait_for(process, folder, "checkpoints/last.json")
        sleep(draw.uniform(0, 0.1))
        said, code, seconds = ended(process, number)
    assert code == 128 + number, said
    assert "everything is saved" in said
    assert not (folder / "result.json").exists()
    step = RunFolder.open(folder).records()[-1]["step"]
    assert f"Stopped after step {step};" in said
    return seconds


def stopped_early(folder, number, engine, draw, **environment):
    """Send a signal while data is loaded or kernels are compiled, or a bit later.

    Until the handlers stand, Python itself ends the program: then there is no folder.
    """
    with training(folder, engine, **environment) as process:
        sleep(draw.uniform(0.1, 2.5))
        said, code, seconds = ended(process, number)
    if code != 128 + number:
        assert code in (-number, 1), said
        assert "KeyboardInterrupt" in said or code == -number
        assert not folder.exists()
    elif folder.exists():
        assert not (folder / "result.json").exists()
        resume(folder).folder.release()  # whole, with a checkpoint or without
    else:
        assert said == "Stopped.\n"
    return seconds


@pytest.fixture
def load():
    """Two processes that keep two cores busy."""
    started = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(2)]
    yield
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_signal_stops_it_with_everything_saved(tmp_path, name, seed):
    draw = random.Random(f"{name} {seed}")
    number = getattr(signal, name)
    assert stopped_at_random(tmp_path / "run", number, "plain", draw) < 5 * SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_signal_before_the_first_step_leaves_nothing_half_made(tmp_path, name, seed):
    draw = random.Random(f"{name} {seed}")
    number = getattr(signal, name)
    assert stopped_early(tmp_path / "run", number, "plain", draw) < 5 * SECONDS


@pytest.mark.slow
def test_below_nohup_it_goes_on(tmp_path):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    folder = tmp_path / "run"
    with training(folder, "plain") as process:
        wait_for(process, folder, "checkpoints/last.json")
        process.send_signal(signal.SIGHUP)
        sleep(0.2)
        assert process.poll() is None
        said, code, _ = ended(process, signal.SIGTERM)
    assert code == 128 + signal.SIGTERM, said


@pytest.mark.slow
def test_an_evaluation_of_long_is_not_waited_for(tmp_path):
    folder = tmp_path / "run"
    with training(folder, "plain", program=SLOW_EVALUATION) as process:
        wait_for(process, folder, "checkpoints/last.json")
        sleep(2)  # the steps of the second epoch take less, its evaluation 9 seconds
        said, code, seconds = ended(process, signal.SIGTERM)
    assert code == 128 + signal.SIGTERM, said
    assert seconds < 5 * SECONDS
    run = resume(folder)
    epoch = run.trainer.steps_per_epoch
    assert f"Stopped after step {2 * epoch}; everything is saved" in said
    assert (run.trainer.position.epoch, run.trainer.position.batch) == (2, epoch)
    run.folder.release()


@pytest.mark.slow
def test_a_second_signal_stops_at_once(tmp_path):
    folder = tmp_path / "run"
    with training(folder, "plain", at_once=True) as process:
        wait_for(process, folder, "checkpoints/last.json")
        numbers = [signal.SIGTERM] * 5  # the second may find the first one's work done
        said, code, seconds = ended(process, *numbers, pause=0.001)
    assert code == 128 + signal.SIGTERM, said
    assert "Stopped" in said or not said  # nobody waits for the sentence
    assert seconds < 5 * SECONDS
    resume(folder).folder.release()
    assert not half_written(folder)


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ["plain", "cpu"])
@pytest.mark.parametrize("name", NAMES)
def test_a_signal_at_many_moments_stops_it(tmp_path, name, engine):
    report(tmp_path, name, engine, stopped_at_random)


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ["plain", "cpu"])
@pytest.mark.parametrize("name", NAMES)
def test_a_signal_at_many_moments_stops_it_under_load(tmp_path, name, engine, load):
    report(tmp_path, name, engine, stopped_at_random)


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ["plain", "cpu"])
@pytest.mark.parametrize("name", NAMES)
def test_a_signal_at_many_early_moments_stops_it(tmp_path, name, engine):
    report(tmp_path, name, engine, stopped_early)


def report(folder, name, engine, stopped):
    """15 moments; with both engines 30 for each signal."""
    number = getattr(signal, name)
    seconds = [
        stopped(folder / str(case), number, engine, random.Random(f"{name} {case}"))
        for case in range(15)
    ]
    print(f"{name} {engine}: at most {max(seconds):.2f} s")
    assert max(seconds) < SECONDS


@pytest.mark.nightly
@pytest.mark.parametrize("name", NAMES)
def test_a_signal_while_kernels_are_compiled_stops_it(tmp_path, name):
    seconds = []
    for case in range(8):
        draw = random.Random(f"{name} {case}")
        number, cache = getattr(signal, name), str(tmp_path / f"cache {case}")
        run = tmp_path / str(case)
        with training(run, "cpu", HANDGRAD_CACHE=cache) as process:
            wait_for(process, run, "config.toml")  # the first step compiles
            sleep(draw.uniform(0, 8))  # so does the first prediction, an epoch later
            said, code, took = ended(process, number)
        assert code == 128 + number, said
        assert "everything is saved" in said or said.startswith("Stopped. ")
        assert f"handgrad train --resume {run}" in said
        resume(run).folder.release()
        seconds.append(took)
    print(f"{name} while compiling: at most {max(seconds):.2f} s")
    assert max(seconds) < 2 * SECONDS  # one kernel may take that long


INTERRUPTED_IMPORT = """
import os, runpy, signal, sys

class Interrupt:
    def find_spec(self, name, *others):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
sys.argv = ["handgrad", "models"]
runpy.run_module("handgrad", run_name="__main__")
"""


@pytest.mark.parametrize("name", ["handgrad.cli.main", "typer", "handgrad.catalog"])
def test_an_interrupted_import_ends_as_any_command_does(name):
    done = import_interrupted(name)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped.\n")


def test_an_ignored_interrupt_stays_ignored_during_imports():
    ignore = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    done = import_interrupted("typer", before=ignore)
    assert (done.returncode, done.stderr) == (0, "")
    assert "lenet" in done.stdout


def import_interrupted(name, before=""):
    """`handgrad models`, with a SIGINT while the module `name` is imported."""
    program = before + INTERRUPTED_IMPORT.format(name=name)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
