"""Signals that end the program: at once where nothing would be lost, else in order."""

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
    """The program was told to stop by the signal of this number.

    No KeyboardInterrupt: typer takes that for SIGINT, whatever the number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number


class Stop:
    """Whether somebody asked for an end, and by which signal.

    While `waits` is set, the first signal is only noted: there is something to save.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.waits = False

    def ask(self, number: int, frame: Any = None) -> None:
        """Note the signal; Interrupted if nothing waits for it, or if asked twice."""
        is_second = self.number is not None
        self.number = number
        if is_second or not self.waits:
            raise Interrupted(number)

    def check(self) -> None:
        """StoppedError if somebody asked: called between the parts of long work."""
        if self.number is not None:
            raise StoppedError(f"Stopped by signal {self.number}.")


@contextmanager
def stopping() -> Iterator[Stop]:
    """Take the signals that end a program, and give them back afterwards.

    Those that were ignored stay so: who starts with nohup wants no end by SIGHUP.
    After a stop nothing is left to do but to say so: one more signal ends it at once,
    with the code that the first one promised. So does one that comes while Python
    tidies up an object: what is raised there reaches nobody.
    """
    stop, before, unheard = Stop(), {}, sys.unraisablehook
    sys.unraisablehook = partial(_leave_or_tell, unheard)
    with suppress(ValueError):  # signals reach the main thread alone
        for name in SIGNALS:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, stop.ask)
    try:
        yield stop
    finally:
        sys.unraisablehook = unheard
        for number, handler in before.items():
            signal.signal(number, handler if stop.number is None else _leave)


def _leave_or_tell(tell: Callable[[Any], Any], found: Any) -> None:
    if isinstance(found.exc_value, Interrupted):
        with suppress(OSError):
            os.write(2, b"Stopped.\n")  # as main says it
        _leave(found.exc_value.number)
    tell(found)


def _leave(number: int, frame: Any = None) -> None:
    os._exit(128 + number)
