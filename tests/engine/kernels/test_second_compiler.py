import io
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from handgrad.engine import processor
from handgrad.engine.compiler import for_the_set
from handgrad.engine.kernels import second_compiler
from handgrad.engine.kernels.activations import RELU, backward_kernel
from handgrad.engine.kernels.compile_lock import compiling
from handgrad.engine.kernels.kernel_cache import kernels_folder
from handgrad.engine.kernels.products import clear
from handgrad.engine.kernels.rows import column_sums, transpose_matrix
from handgrad.engine.kernels.second_compiler import (
    compile_from,
    compile_kernels,
    start_second_compiler,
)

from ..programs import engines, operations

KERNELS = [clear, column_sums, transpose_matrix, backward_kernel(RELU)]


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """An empty cache of kernels, none of which is compiled in this process."""
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path))
    for kernel in KERNELS:
        monkeypatch.setattr(kernel, "_compiled", None)
    return kernels_folder()


def kept(folder):
    """The functions with a file in a cache."""
    return {path.name.rpartition("-")[0].partition(".")[2] for path in folder.iterdir()}


def stream(kernels):
    name = processor.instruction_set()
    return io.BytesIO(pickle.dumps(name) + pickle.dumps(kernels))


def test_every_kernel_is_found_by_its_name():
    found = {each[0].entry for engine in engines() for each in operations(engine)}
    assert len(found) > 20
    for kernel in found:
        assert pickle.loads(pickle.dumps(kernel)) is kernel


def test_it_compiles_up_to_a_kernel_that_is_compiled(folder):
    clear.address()
    assert compile_from(stream([transpose_matrix, column_sums, clear, KERNELS[3]])) == 2
    assert kept(folder) >= {"transpose_matrix", "column_sums", "clear"}
    assert not KERNELS[3].is_kept
    assert compile_from(stream([transpose_matrix])) == 0


def test_another_process_compiles_for_this_one(folder):
    child = start_second_compiler(KERNELS)
    assert child.wait(60) == 0
    child.stdin.close()
    assert all(kernel.is_kept for kernel in KERNELS)
    before = times(folder)
    for kernel in KERNELS:
        kernel.address()
    assert times(folder) == before


@pytest.mark.slow
def test_it_ends_with_the_process_that_started_it(folder):
    program = (
        "import sys\n"
        "from engine.kernels.test_second_compiler import KERNELS\n"
        "from handgrad.engine.kernels.second_compiler import start_second_compiler\n"
        "print(start_second_compiler(KERNELS).pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    function = KERNELS[0]._function
    with for_the_set(), compiling(function._cache.place(function._sig)), parent:
        number = int(parent.stdout.readline())
        time.sleep(3)  # it waits for the first kernel, which this process compiles
        assert psutil.pid_exists(number)
        parent.kill()
        end = time.monotonic() + 10
        while psutil.pid_exists(number):
            assert time.monotonic() < end
            time.sleep(0.01)


def times(folder):
    """When each file of a cache was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.mark.parametrize("reason", ["few", "alone", "no place", "no interpreter"])
def test_one_process_is_enough(folder, monkeypatch, reason):
    def refuse(*words, **options):
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    if reason == "no place":
        monkeypatch.setattr(second_compiler, "can_keep", lambda: False)
    if reason == "no interpreter":
        monkeypatch.setattr("sys.executable", "")
    kernels = KERNELS[:3] if reason == "few" else KERNELS
    compile_kernels(kernels, None, 1 if reason == "alone" else 2)
    assert all(kernel.is_compiled for kernel in kernels)


@pytest.mark.parametrize("interpreter", ["/nowhere/python", "/bin/false", "/bin/true"])
def test_a_process_that_fails_is_not_missed(folder, monkeypatch, interpreter):
    monkeypatch.setattr("sys.executable", interpreter)
    compile_kernels(KERNELS, None, 2)
    assert all(kernel.is_compiled for kernel in KERNELS)
