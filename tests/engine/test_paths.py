"""The tests of whole networks again, on every smaller instruction set there is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from handgrad.engine import processor

from . import paths

HERE = Path(__file__).parent
TESTS = ("test_cpu.py", "test_float_inputs.py")
# Loss and gradients of networks with most kernels by day, every test at night.
BY_DAY = "gradients and (perceptron or lenet or channels)"
OPTIONS = ("pytest", "-q", "-p", "no:cacheprovider")
NONE = "this processor has no"
SMALLER = processor.offered()[:-1]


@pytest.mark.slow
@pytest.mark.skipif(not SMALLER, reason="this processor has no second set")
@pytest.mark.parametrize("name", SMALLER[:1])
def test_networks_on_a_smaller_set(name):
    assert_passes_on(name, BY_DAY)


@pytest.mark.nightly
@pytest.mark.skipif(not SMALLER, reason="this processor has no second set")
@pytest.mark.parametrize("name", SMALLER)
def test_everything_on_a_smaller_set(name):
    assert_passes_on(name, "not many_random")


def assert_passes_on(name, chosen):
    """The tests with these words in their names, in a process of that set."""
    if name == processor.instruction_set():
        pytest.skip("these tests run on it now")
    files = [str(HERE / test) for test in TESTS]
    done = subprocess.run(
        [sys.executable, "-m", *OPTIONS, *files, "-k", chosen],
        env={**os.environ, processor.VARIABLE: name},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"Engine paths run: {name};" in done.stdout


@pytest.mark.parametrize(
    ("own", "also", "offered", "said"),
    [
        ("avx512", {"avx2"}, 2, f"avx2, avx512; amx: {NONE} matrix unit"),
        ("amx", {"avx2", "avx512"}, 3, "avx2, avx512, amx"),
        ("avx2", (), 1, f"avx2; avx512: {NONE} AVX-512; amx: {NONE} matrix unit"),
    ],
)
def test_the_line_names_every_set(monkeypatch, own, also, offered, said):
    monkeypatch.setattr(processor, "instruction_set", lambda: own)
    monkeypatch.setattr(processor, "offered", lambda: tuple(processor.SETS)[:offered])
    passed = [f"a.py::{paths.AGAIN}[{name}]" for name in also]
    assert paths.line(passed) == f"Engine paths run: {said}"


def test_a_set_that_was_not_chosen_is_named(monkeypatch):
    monkeypatch.setattr(processor, "instruction_set", lambda: "avx512")
    monkeypatch.setattr(processor, "offered", lambda: ("avx2", "avx512"))
    assert "avx2: its tests were not chosen" in paths.line(["a.py::test_other"])
