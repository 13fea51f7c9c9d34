import platform
import subprocess
import sys

import numba
import pytest
from llvmlite import binding

from handgrad.engine import matrix_unit, processor
from handgrad.engine.matrix_unit import FEATURES, VARIABLE, has_matrix_unit


@pytest.fixture
def able(monkeypatch):
    """A processor that has the unit, and a system that grants it."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    features = dict.fromkeys(FEATURES, True)
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: features)
    monkeypatch.setattr(numba.config, "CPU_FEATURES", None)
    monkeypatch.setattr(matrix_unit, "is_granted", lambda: True)
    yield features
    processor.features.cache_clear()


def ask():
    """Without what an earlier question found."""
    processor.features.cache_clear()
    return has_matrix_unit.__wrapped__()


@pytest.mark.usefixtures("able")
def test_it_is_used_where_processor_and_system_offer_it():
    assert ask()


@pytest.mark.parametrize("name", FEATURES)
def test_every_feature_is_needed(able, name):
    able[name] = False
    assert not ask()
    del able[name]
    assert not ask()


@pytest.mark.usefixtures("able")
@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        (sys, "platform", "darwin"),
        (platform, "machine", lambda: "aarch64"),
        (matrix_unit, "is_granted", lambda: False),
    ],
)
def test_elsewhere_and_where_it_is_refused_it_is_left_alone(
    monkeypatch, where, name, value
):
    monkeypatch.setattr(where, name, value)
    assert not ask()


@pytest.mark.usefixtures("able")
def test_it_is_left_alone_where_numba_compiles_for_another_processor(monkeypatch):
    """LLVM ends the process where an instruction does not exist."""
    monkeypatch.setattr(numba.config, "CPU_FEATURES", "")
    assert not ask()
    monkeypatch.setattr(numba.config, "CPU_FEATURES", "+avx512f,+amx-tile")
    assert not ask()
    every = ",".join(f"+{name}" for name in FEATURES)
    monkeypatch.setattr(numba.config, "CPU_FEATURES", f"{every},-sse4a")
    assert ask()


@pytest.mark.usefixtures("able")
def test_a_variable_turns_it_off(monkeypatch):
    monkeypatch.setenv(VARIABLE, "0")
    assert not ask()
    monkeypatch.setenv(VARIABLE, "1")
    assert ask()


@pytest.mark.skipif(not has_matrix_unit(), reason="needs a matrix unit")
def test_threads_that_began_before_may_use_it():
    """The permission is the whole process's, whoever asked for it."""
    script = """
import threading
from numba import njit
from handgrad.engine.kernels.amx import begin_matrices, end_matrices
from handgrad.engine.matrix_unit import has_matrix_unit

@njit(nogil=True)
def touch():
    begin_matrices()
    end_matrices()

asked = threading.Event()
thread = threading.Thread(target=lambda: (asked.wait(), touch()))
thread.start()
assert has_matrix_unit()
asked.set()
thread.join()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
