"""Handgrad's warnings as plain messages; other libraries' only on request."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from handgrad.errors import HandgradWarning
from handgrad.text import printable


@contextmanager
def own_warnings() -> Iterator[None]:
    """Show only Handgrad's warnings, unless Python's -W option is given."""
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
            warnings.simplefilter("default", HandgradWarning)
        others = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not issubclass(category, HandgradWarning):
                others(message, category, filename, lineno, file, line)
                return
            with suppress(OSError, ValueError):
                print(printable(" ".join(str(message).split())), file=sys.stderr)

        warnings.showwarning = show
        yield
