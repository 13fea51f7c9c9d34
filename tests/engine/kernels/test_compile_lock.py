"""A kernel is compiled by one process at a time, and nobody waits for ever."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from handgrad.engine.kernels import compile_lock
from handgrad.engine.kernels.compile_lock import NAME, compiling

fcntl = pytest.importorskip("fcntl")
HERE = Path(__file__).parents[2]
COMPILE = """
import sys
from engine.kernels.test_kernel_cache import doubled
from handgrad.engine.kernels.kernel_cache import tally
print("ready", flush=True)
sys.stdin.read()
doubled()
print(tally.compiled)
"""
HOLD = """
import sys, time
from pathlib import Path
from handgrad.engine.kernels.compile_lock import compiling
with compiling(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def child(program, *words):
    path = os.pathsep.join([str(HERE), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
        text=True,
    )


@pytest.fixture
def kernel(tmp_path):
    """The file of a kernel that is not compiled yet."""
    compile_lock._lock_file.cache_clear()
    yield tmp_path / "kernels" / "some_kernel-0123456789abcdef01234567"
    compile_lock._lock_file.cache_clear()


@pytest.fixture
def holder(kernel):
    """A process that compiles it."""
    process = child(HOLD, str(kernel))
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_of_several_processes_one_compiles(monkeypatch, tmp_path):
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path))
    processes = [child(COMPILE) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.close()
    counts = [int(process.stdout.read()) for process in processes]
    assert [process.wait() for process in processes] == [0, 0, 0]
    for process in processes:
        process.stdout.close()
    alone = len([path for path in tmp_path.rglob("*-*") if path.is_file()])
    assert sum(counts) == alone > 0


def test_a_process_that_is_killed_holds_nothing(kernel, holder):
    holder.send_signal(signal.SIGKILL)
    begin = time.monotonic()
    with compiling(kernel):
        assert time.monotonic() - begin < compile_lock.LONGEST / 2


def test_a_process_that_does_not_go_on_is_not_waited_for(kernel, holder, monkeypatch):
    monkeypatch.setattr(compile_lock, "LONGEST", 0.1)
    holder.send_signal(signal.SIGSTOP)
    with compiling(kernel):
        pass  # without the lock
    other = kernel.with_name("other_kernel-0123456789abcdef01234568")
    with compiling(other):  # is not held by anyone
        assert not _can_take(other)
    assert _can_take(other)


def test_what_is_compiled_already_is_not_waited_for(kernel, holder):
    kernel.write_bytes(b"")
    with compiling(kernel):
        assert not _can_take(kernel)
    assert holder.poll() is None


def _can_take(kernel):
    """Whether another process could compile it now."""
    program = (
        "import sys; from pathlib import Path; "
        "from handgrad.engine.kernels import compile_lock as c; c.LONGEST = 0.1; "
        "place = int(sys.argv[1].rpartition('-')[2], 16) % c.PLACES; "
        "print(c._take(c._lock_file(Path(sys.argv[1]).parent), place))"
    )
    return child(program, str(kernel)).communicate()[0] == "True\n"


def test_it_is_let_go_after_an_error(kernel):
    context = compiling(kernel)
    context.__enter__()
    assert not _can_take(kernel)
    assert not context.__exit__(ValueError, ValueError(), None)
    assert _can_take(kernel)


@pytest.mark.parametrize("how", ["a file", "a link", "others write it", "no fcntl"])
def test_without_a_lock_everyone_compiles(how, kernel, monkeypatch, tmp_path):
    folder = kernel.parent
    if how == "a file":
        folder.write_bytes(b"")
    elif how == "a link":
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    elif how == "others write it":
        folder.mkdir()
        folder.chmod(0o777)
    else:
        monkeypatch.setattr(compile_lock, "fcntl", None)
    with compiling(kernel):
        pass
    assert not list(tmp_path.rglob(NAME))
