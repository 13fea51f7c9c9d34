"""Robust standard streams: failing output does not lose any work.

closed  replaced by the null device; otherwise the next file opened would get its
        file descriptor, and its output
full    progress on stderr is dropped for the rest of the program; a failure of stdout
        is reported at the end, since it carries the results
ASCII   characters that an encoding lacks are escaped, as in \\u2013
"""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TextIO


def open_streams() -> None:
    """Make all three standard streams usable."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r"))
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = ResultStream(sys.stdout), ProgressStream(sys.stderr)


class StreamProxy:
    """A proxy of a stream that intercepts writing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text; subclasses handle errors."""
        return self._stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class ResultStream(StreamProxy):
    """Stdout: errors name the stream and are raised."""

    def write(self, text: str) -> int:
        """Write, or raise the error of the stream."""
        return self._try(lambda: self._stream.write(text)) or len(text)

    def flush(self) -> None:
        """Flush, or raise the error of the stream."""
        self._try(self._stream.flush)

    def _try(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except BrokenPipeError:
            raise
        except OSError as error:
            error.filename = "Standard output"
            redirect_to_null(self._stream)
            raise


class ProgressStream(StreamProxy):
    """Stderr: dropped after the first failed write."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._is_lost = False

    def write(self, text: str) -> int:
        """Write, unless a write has failed before."""
        if not self._is_lost:
            try:
                self._stream.write(text)
            except (OSError, ValueError):
                self._lose()
        return len(text)

    def flush(self) -> None:
        """Flush, unless a write has failed before."""
        if not self._is_lost:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._lose()

    def _lose(self) -> None:
        self._is_lost = True
        redirect_to_null(self._stream)


def redirect_to_null(stream: TextIO) -> None:
    """Redirect a stream to the null device, or its buffer would fail again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
