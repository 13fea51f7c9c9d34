"""In the mode that checks bounds, a kernel that leaves an array is noticed."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from handgrad.engine import processor
from handgrad.engine.fences import VARIABLE, beside_a_fence, checks_bounds, fenced

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs mprotect")
BY_UNIT = {  # left out: their addresses are those of the tile registers
    *("matrix_product", "product_of_packed", "unit_convolution"),
    *("unit_gradient", "winograd_products", "winograd_sum"),
}
UNREACHED = {
    "avx512": BY_UNIT | {"pack_right", "unit_sum", "unit_weights", "winograd_pack"},
    "amx": BY_UNIT | {"winograd_gradient"},
}
PLANTED = ROOT / "tests" / "engine" / "planted.py"


def run(*arguments, checks="1", **variables):
    """A process of its own: what was compiled stays as it is in this one."""
    environment = {**os.environ, VARIABLE: checks, **variables}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_fenced_memory_is_zero_and_ends_on_a_line():
    for size in (0, 1, 64, 4096, 100_000):
        found = fenced(size)
        assert len(found) == size
        assert not found.any()
        found[:] = 255
        assert found.ctypes.data % 64 == 0
    values = np.arange(70, dtype=np.int64).reshape(7, 10)
    np.testing.assert_array_equal(beside_a_fence(values), values)
    assert beside_a_fence(values).dtype == values.dtype


def test_the_mode_is_off_unless_asked_for(monkeypatch):
    for value in ("", "0", "yes"):
        monkeypatch.setenv(VARIABLE, value)
        assert not checks_bounds()
    monkeypatch.setenv(VARIABLE, "1")
    assert checks_bounds()


@pytest.mark.parametrize(("place", "expected"), [(31, "[]"), (32, "IndexError")])
def test_an_index_out_of_range_is_noticed(place, expected):
    done = run(PLANTED, "index", str(place))
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout
    assert "[]" in run(PLANTED, "index", str(place), checks="0").stdout


def test_an_address_out_of_range_ends_the_process():
    assert run(PLANTED, "address", "31").returncode == 0
    assert run(PLANTED, "address", "32").returncode == -signal.SIGSEGV
    assert run(PLANTED, "address", "32", checks="0").returncode == 0


def at_night_unless_own(isa):
    """The set whose kernels all tests compile; the other one's take minutes."""
    is_own = isa == processor.instruction_set()
    return pytest.param(isa, marks=[] if is_own else pytest.mark.nightly)


@pytest.mark.parametrize("isa", [at_night_unless_own(n) for n in ("avx512", "amx")])
def test_no_kernel_touches_more_than_it_declares(isa):
    """Pages that fault follow each array; the matrix unit's kernels are left out."""
    if isa not in processor.offered():
        pytest.skip(f"this processor has no {isa}")
    script = "from tests.engine.within_fences import main; main()"
    done = run("-c", script, checks="0", **{processor.VARIABLE: isa})
    assert done.returncode == 0, done.stdout[-300:] + done.stderr[-3000:]
    last = done.stdout.strip().splitlines()[-1]
    unreached = set(ast.literal_eval(last.removeprefix("not reached: ")))
    assert unreached == UNREACHED[isa]


def assert_passes(*tests):
    """These tests, in the mode; an index out of range is an error there too."""
    done = run("-m", "pytest", "-q", "-x", "-p", "no:xdist", *tests)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "passed" in done.stdout


@pytest.mark.nightly
def test_random_networks_stay_in_their_arrays():
    assert_passes("tests/engine/test_cpu.py", "-k", "test_random_networks_agree")


@pytest.mark.nightly
@pytest.mark.parametrize(
    "tests",
    [
        ("tests/engine/test_cpu.py",),
        ("tests/engine/test_cpu.py", "-m", "nightly"),
        ("tests/engine/test_pairs.py",),
        ("tests/engine/test_subclasses.py",),
        ("tests/engine/test_prediction.py",),
        (
            "tests/engine/lowering/test_rows.py",
            "tests/engine/lowering/test_winograd.py",
        ),
    ],
    ids=" ".join,
)
def test_all_kinds_of_networks_stay_in_their_arrays(tests):
    assert_passes(*tests)
