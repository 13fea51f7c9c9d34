"""A second process that compiles kernels in parallel with this one.

Numba compiles one kernel at a time in a process. This process compiles a program's
kernels in order, the second one in reverse order until it finds one that is compiled.
They share results through the kernel cache; a failure of the second process only costs
time. It ends with this one, whatever ends this one: its standard input is closed then.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from threading import Thread
from typing import BinaryIO

from handgrad.engine import processor
from handgrad.engine.kernels.entry import Announce, Kernel
from handgrad.engine.kernels.kernel_cache import can_keep

LEAST = 4  # kernels that outweigh the start of a process, 0.7 s
RUN = ("-P", "-m", __name__)  # -P: without the current folder on the path


def compile_kernels(
    kernels: Sequence[Kernel], announce: Announce | None, processes: int
) -> None:
    """Compile kernels, in two processes if allowed and worthwhile."""
    missing = [kernel for kernel in kernels if not kernel.is_kept]
    missing.sort(key=lambda kernel: kernel.__module__)  # they share functions
    second = None
    if processes > 1 and len(missing) >= LEAST and can_keep():
        second = start_second_compiler(missing[::-1])
    try:
        for kernel in missing:
            kernel.address(announce)
    finally:
        if second is not None:
            second.kill()
            assert second.stdin is not None
            with suppress(OSError):  # of what it has not read
                second.stdin.close()
            second.wait()


def start_second_compiler(kernels: Sequence[Kernel]) -> subprocess.Popen[bytes] | None:
    """Start a process that compiles these kernels; None if that fails."""
    if not sys.executable:
        return None
    try:
        child = subprocess.Popen(
            [sys.executable, *RUN],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except OSError:
        return None
    task = pickle.dumps(processor.instruction_set()) + pickle.dumps(list(kernels))
    assert child.stdin is not None
    with suppress(OSError):  # it has failed already
        child.stdin.write(task)
        child.stdin.flush()
    return child


def compile_from(stream: BinaryIO, *, ends_with_it: bool = False) -> int:
    """Compile a stream's kernels until one is compiled already; return how many.

    With `ends_with_it` the process ends when the stream does.
    """
    processor.hold_to(pickle.load(stream))
    kernels, count = pickle.load(stream), 0
    if ends_with_it:
        Thread(target=_end_with, args=(stream.fileno(),), daemon=True).start()
    for kernel in kernels:
        if kernel.is_kept:
            break
        kernel.address()
        count += 1
    return count


def _end_with(handle: int) -> None:
    os.read(handle, 1)  # of the file: a thread must not hold the buffer's lock at exit
    os._exit(1)


if __name__ == "__main__":
    compile_from(sys.stdin.buffer, ends_with_it=True)
