"""Files that may be compressed with gzip."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from handgrad.datasets.zip_entries import BROKEN_ZIP

GZIP = b"\x1f\x8b"
LENGTH = 4096


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    """Open a file for reading, unpacked if it is gzip."""
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == GZIP
        raw.seek(0)
        if not is_gzip:
            yield raw
            return
        with gzip.GzipFile(fileobj=raw) as unpacked:
            yield unpacked


def head_of(path: Path, length: int = LENGTH) -> bytes:
    """Return the first bytes; none if the file is unreadable or a damaged gzip."""
    try:
        with opened(path) as stream:
            return stream.read(length)
    except BROKEN_ZIP:
        return b""
