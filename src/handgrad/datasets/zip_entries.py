"""What the entries of a zip are, and what a damaged zip brings about."""

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
"""What comes out of `zipfile` for a damaged zip, or one of a kind it cannot read."""
ENCRYPTED_FLAG = 0x1
UTF8_FLAG = 0x800  # the name is UTF-8


def check_no_password(path: Path, entries: Iterable[zipfile.ZipInfo]) -> None:
    """DatasetError for a zip with an entry that needs a password."""
    if any(entry.flag_bits & ENCRYPTED_FLAG for entry in entries):
        raise DatasetError(
            f"{path} is encrypted. Make the zip again without a password, or unpack "
            "it and give its folder."
        )


def name_of_entry(entry: zipfile.ZipInfo) -> str:
    """A file's name in a zip, with "/" between its parts.

    Without the flag for UTF-8 a name is in the encoding of the system that wrote it:
    UTF-8 if its bytes are that, else the zip's own, code page 437. Windows writes "\\".
    """
    name = entry.filename
    if not entry.flag_bits & UTF8_FLAG:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def is_guessed(entry: zipfile.ZipInfo) -> bool:
    """Whether a name is in an encoding that nothing tells, and not in UTF-8."""
    if entry.flag_bits & UTF8_FLAG or entry.filename.isascii():
        return False
    try:
        entry.filename.encode("cp437").decode("utf-8")
    except UnicodeDecodeError:
        return True
    except UnicodeEncodeError:  # a second name in Unicode stands beside it
        return False
    return False


def is_folder(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a folder; one without a name, too."""
    return entry.filename == "" or entry.filename.endswith("/")


def is_plain(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a file, neither a folder nor a link nor a device."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return not is_folder(entry) and kind in (0, stat.S_IFREG)
