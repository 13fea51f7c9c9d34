"""Data files in a zip, unpacked into a temporary folder while they are read.

Only possible data files are unpacked, and nothing outside of that folder. No entry may
exceed the size declared in the zip; sizes beyond any compression ratio are refused
before the first byte is written.
"""

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from handgrad.datasets.formats.svhn import HEADS
from handgrad.datasets.gzip_files import GZIP
from handgrad.datasets.idx import GZIP_RATIO, axes_of
from handgrad.datasets.zip_entries import BROKEN_ZIP, is_folder
from handgrad.errors import DatasetError, HandgradError
from handgrad.free_memory import check_memory

MOST = 2_000  # files of data
SUFFIXES = (".csv", ".tsv", ".txt", ".bin", ".meta")
STARTS = (GZIP, b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", *HEADS)
LONGEST_HEAD = 32


@contextmanager
def unpacked(path: Path) -> Iterator[Path | None]:
    """Yield a folder with the data files of a zip; None if it has none, or too many.

    Errors raised in the meantime name the zip instead of the folder.
    """
    with tempfile.TemporaryDirectory(prefix="handgrad-") as place:
        folder = Path(place, path.stem)
        try:
            yield folder if _unpack(path, folder) else None
        except HandgradError as error:
            raise type(error)(str(error).replace(str(folder), str(path))) from error


def _unpack(path: Path, folder: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [e for e in archive.infolist() if _is_data(archive, e)]
            if not 0 < len(entries) <= MOST:
                return False
            _check_sizes(path, entries)
            for entry in entries:
                place = folder.joinpath(*_parts(entry.filename))
                place.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as packed, place.open("xb") as file:
                    shutil.copyfileobj(packed, file)
    except BROKEN_ZIP as error:
        if isinstance(error, HandgradError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(
            f"{path} cannot be unpacked ({reason}). Unpack it yourself, and give its "
            "folder."
        ) from error
    return True


def _is_data(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    parts = _parts(entry.filename)
    if is_folder(entry) or not parts:
        return False
    if any(part.startswith((".", "__MACOSX")) for part in parts):
        return False
    if parts[-1].lower().endswith(SUFFIXES):
        return True
    with archive.open(entry) as file:
        head = file.read(LONGEST_HEAD)
    return bool(axes_of(head)) or head.startswith(STARTS)


def _parts(name: str) -> list[str]:
    """Split the name of an entry into its parts below the folder."""
    return [part for part in re.split(r"[\\/]", name) if part not in ("", ".", "..")]


def _check_sizes(path: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    size = sum(entry.file_size for entry in entries)
    if size > GZIP_RATIO * path.stat().st_size:
        raise DatasetError(
            f"{path} declares an unpacked size of {size:,} bytes, which is impossible. "
            "Download the file again."
        )
    check_memory(size, str(path))
    place = tempfile.gettempdir()
    free = shutil.disk_usage(place).free
    if size > free:
        raise DatasetError(
            f"{path} unpacks to {size:,} bytes, but {place} has only {free:,} free. "
            "Unpack it yourself and give its folder, or set TMPDIR to another folder."
        )
