"""The first bytes of a file, unpacked if it is gzip."""

import gzip
from pathlib import Path

from handgrad.datasets.zip_entries import BROKEN_ZIP

GZIP = b"\x1f\x8b"
LENGTH = 4096


def head_of(path: Path, length: int = LENGTH) -> bytes:
    """Return the first bytes; none if the file is unreadable or a damaged gzip."""
    try:
        with path.open("rb") as raw:
            is_gzip = raw.read(2) == GZIP
            raw.seek(0)
            if not is_gzip:
                return raw.read(length)
            with gzip.GzipFile(fileobj=raw) as unpacked:
                return unpacked.read(length)
    except BROKEN_ZIP:
        return b""
