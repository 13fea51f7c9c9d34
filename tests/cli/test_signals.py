"""Stopped by a signal at a random moment: saved, the code, the last step told (R17)."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from time import perf_counter, sleep

import pytest

from handgrad.training.run_folder import RunFolder

PROGRAM = "from handgrad.cli.main import main; main()"
WORDS = "train mlp --epochs 40 --batch-size 16 --set hidden_sizes=32,"
SECONDS = 2.0  # from the signal to the end


def stopped_at_random(folder, number, engine, draw):
    """Send a signal while a run goes; seconds until it ended."""
    words = [*WORDS.split(), "--engine", engine, "-q", "--run", str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    while not list(folder.glob("checkpoints/last.json")):
        assert process.poll() is None, process.stderr.read()
        sleep(0.01)
    sleep(draw.uniform(0, 0.1))
    before = perf_counter()
    process.send_signal(number)
    said = process.stderr.read()
    code = process.wait()
    seconds = perf_counter() - before
    process.stderr.close()
    assert code == 128 + number, said
    assert "everything is saved" in said
    assert not (folder / "result.json").exists()
    step = RunFolder.open(folder).records()[-1]["step"]
    assert f"Stopped after step {step};" in said
    assert not [p for p in Path(folder).rglob("*") if p.name.startswith(".tmp-")]
    return seconds


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_stops_it_with_everything_saved(tmp_path, name, seed):
    draw = random.Random(f"{name} {seed}")
    number = getattr(signal, name)
    assert stopped_at_random(tmp_path / "run", number, "plain", draw) < 5 * SECONDS


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ["plain", "cpu"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_at_many_moments_stops_it(tmp_path, name, engine):
    number = getattr(signal, name)
    seconds = [
        stopped_at_random(tmp_path / str(case), number, engine, random.Random(case))
        for case in range(15)
    ]
    print(f"{name} {engine}: at most {max(seconds):.2f} s")
    assert max(seconds) < SECONDS
