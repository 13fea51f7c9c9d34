"""Types and names of zip entries, and the exceptions for damaged zips."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from handgrad.errors import DatasetError

BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError,
    RuntimeError, ValueError, KeyError, OverflowError,
)  # fmt: skip
"""Exceptions of `zipfile` for a zip that is damaged or not supported."""
ENCRYPTED_FLAG = 0x1
UTF8_FLAG = 0x800  # the name is UTF-8


def check_no_password(path: Path, entries: Iterable[zipfile.ZipInfo]) -> None:
    """Raise DatasetError for a zip with an entry that needs a password."""
    if any(entry.flag_bits & ENCRYPTED_FLAG for entry in entries):
        raise DatasetError(
            f"{path} is encrypted. Create the zip without a password, or unpack "
            "it and give its folder."
        )


def name_of_entry(entry: zipfile.ZipInfo) -> str:
    """Return the name of a zip entry, with "/" between its parts.

    Without the UTF-8 flag a name is in the encoding of the system that wrote it: it is
    decoded as UTF-8 if its bytes are valid, else as code page 437, the default of the
    format. Windows writes "\\".
    """
    name = entry.filename
    if not entry.flag_bits & UTF8_FLAG:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def is_guessed(entry: zipfile.ZipInfo) -> bool:
    """Whether a name is in an unknown encoding that is not UTF-8."""
    if entry.flag_bits & UTF8_FLAG or entry.filename.isascii():
        return False
    try:
        entry.filename.encode("cp437").decode("utf-8")
    except UnicodeDecodeError:
        return True
    except UnicodeEncodeError:  # the entry has a second name in Unicode
        return False
    return False


def is_folder(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a folder or has no name."""
    return entry.filename == "" or entry.filename.endswith("/")


def is_plain(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a regular file, not a folder, link or device."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return not is_folder(entry) and kind in (0, stat.S_IFREG)
