"""The standard streams, whatever they lead to: output that fails costs no work.

closed  the null device takes its place; otherwise the next file to be opened would
        get its number, and its words
full    progress on stderr is given up for the rest of the program; what stdout does
        not take is said at the end, since it is the answer
ASCII   what an encoding does not have is written as an escape, such as \\u2013
"""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TextIO


def open_streams() -> None:
    """Make all three streams fit to be used."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r"))
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = Answers(sys.stdout), Forgiving(sys.stderr)


class Guarded:
    """A stream that is what it was but for writing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text; subclasses say what follows an error."""
        return self._stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Answers(Guarded):
    """A stream of answers, whose errors say which stream they are of."""

    def write(self, text: str) -> int:
        """Write, or raise what the stream raises."""
        return self._try(lambda: self._stream.write(text)) or len(text)

    def flush(self) -> None:
        """Hand on what was written, or raise what the stream raises."""
        self._try(self._stream.flush)

    def _try(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except BrokenPipeError:
            raise
        except OSError as error:
            error.filename = "Standard output"
            to_nothing(self._stream)
            raise


class Forgiving(Guarded):
    """A stream of progress that goes silent at the first write that fails."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._is_lost = False

    def write(self, text: str) -> int:
        """Write, if it was possible so far."""
        if not self._is_lost:
            try:
                self._stream.write(text)
            except (OSError, ValueError):
                self._lose()
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        if not self._is_lost:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._lose()

    def _lose(self) -> None:
        self._is_lost = True
        to_nothing(self._stream)


def to_nothing(stream: TextIO) -> None:
    """Lead a stream to the null device: what waits in it would fail again at last."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
