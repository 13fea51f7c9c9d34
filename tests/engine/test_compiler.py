"""Values of NUMBA_... that Numba cannot take become one sentence."""

import os
import subprocess
import sys

import pytest

from handgrad.engine.compiler import check_features
from handgrad.errors import ConfigError

DOORS = {
    "a kernel": "import handgrad.engine.kernels.updates",
    "the compiler": ("from handgrad.engine.compiler import for_the_set"),
    "a clock": "import handgrad.inspection.speed.recorded_times",
}


def run(program, **variables):
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("door", DOORS)
def test_no_threads_are_one_sentence(door):
    done = run(DOORS[door], NUMBA_NUM_THREADS="0")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("handgrad.errors.ConfigError: Numba, which compiles")
    assert "Unset NUMBA_NUM_THREADS, or train with the plain engine" in last


@pytest.mark.parametrize("number", ["0", "-1"])
def test_a_command_ends_with_2(number):
    program = "from handgrad.cli.main import run; raise SystemExit(run(['bench']))"
    done = run(program, NUMBA_NUM_THREADS=number)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_features_that_would_end_the_process_are_refused():
    done = run(DOORS["a kernel"], NUMBA_CPU_FEATURES="avx2")
    assert "takes features that begin with + or -" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("features", ["abc", "+avx2,abc", " +avx2", "+avx2, -sse4a"])
def test_every_feature_begins_with_a_sign(features):
    with pytest.raises(ConfigError, match="begin with"):
        check_features(features)


@pytest.mark.parametrize("features", [None, "", "+avx2,-avx512f", ",+avx2,"])
def test_others_pass(features):
    check_features(features)
