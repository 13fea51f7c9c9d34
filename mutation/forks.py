"""A piece of work in a fork of this process, with limits, in a group of its own."""

import contextlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MEMORY = 8 << 30  # bytes of address space: a mutant may ask for anything
WALL = 15.0  # seconds of waiting for each of computing: machines are shared
TICK = 0.005  # seconds; ticks are counted, so a program that was stopped is not late


@dataclass(frozen=True)
class Outcome:
    """The exit status (None at a limit), the work's own words, seconds of computing."""

    status: int | None
    said: str
    seconds: float


def fork(work: Callable[[Path], int], root: Path, limit: float) -> Outcome:
    """Do work in a child; it may write a report. Its own children end with it."""
    report = root / "report.txt"
    report.unlink(missing_ok=True)
    sys.stdout.flush()
    before = _computed()
    child = os.fork()
    if child == 0:
        _be_the_child(work, root, report, limit)
    status = _wait_for(child, WALL * limit)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    said = report.read_text() if report.is_file() else ""
    return Outcome(status, said, _computed() - before)


def _be_the_child(
    work: Callable[[Path], int], root: Path, report: Path, limit: float
) -> None:
    status = 99
    try:
        os.setsid()
        output = os.open(root / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(root)
        whole = int(limit) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (whole, whole))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        status = work(report)
    finally:
        os._exit(status)


def _wait_for(child: int, seconds: float) -> int | None:
    for _ in range(int(seconds / TICK)):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code
        time.sleep(TICK)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _computed() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
