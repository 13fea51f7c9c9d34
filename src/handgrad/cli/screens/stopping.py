"""Signal handling: stop immediately if nothing is lost, otherwise save first."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from handgrad.errors import StoppedError

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupted(BaseException):
    """The program received the signal with this number.

    Not a KeyboardInterrupt, which typer reports as SIGINT whatever the number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number


class Stop:
    """Whether a signal has requested a stop, and which one.

    While `waits()` is true, the first signal is only recorded: there is work to save.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.waits: Callable[[], bool] = lambda: False

    def ask(self, number: int, frame: Any = None) -> None:
        """Record the signal; Interrupted unless it waits, or on the second signal."""
        is_second = self.number is not None
        self.number = number
        if is_second or not self.waits():
            raise Interrupted(number)

    def check(self) -> None:
        """StoppedError if a signal was received; called between parts of long work."""
        if self.number is not None:
            error = StoppedError(f"Stopped by signal {self.number}.")
            error.exit_code = 128 + self.number
            raise error


@contextmanager
def stopping() -> Iterator[Stop]:
    """Install handlers for the signals that end a program; restore them on exit.

    Signals that were ignored stay ignored, such as SIGHUP under nohup. After a stop,
    another signal exits immediately, with the exit code of the first. So does a signal
    that arrives while Python finalizes an object, where exceptions are not propagated.
    """
    stop, before, hook_before = Stop(), {}, sys.unraisablehook
    sys.unraisablehook = partial(_exit_or_report, hook_before)
    with suppress(ValueError):  # only the main thread may set handlers
        for name in SIGNALS:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, stop.ask)
    try:
        yield stop
    finally:
        sys.unraisablehook = hook_before
        for number, handler in before.items():
            signal.signal(number, handler if stop.number is None else _exit)


def _exit_or_report(tell: Callable[[Any], Any], found: Any) -> None:
    if isinstance(found.exc_value, Interrupted):
        with suppress(OSError):
            os.write(2, b"Stopped.\n")  # the message of main
        _exit(found.exc_value.number)
    tell(found)


def _exit(number: int, frame: Any = None) -> None:
    os._exit(128 + number)
