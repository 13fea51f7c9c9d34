"""The picture files of a folder or a zip, in an order of their own.

A folder or a zip gives names relative to it, with "/" between their parts, sorted by
those parts: never in the order in which a disk happens to list them. Files of other
kinds and hidden ones are passed over. A zip is read in memory, never extracted.
"""

import os
import stat
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Protocol

from handgrad.datasets.pictures import FILE_LIMIT, SUFFIXES
from handgrad.errors import DatasetError

MOST_FILES = 2_000_000
IGNORED = ("__MACOSX",)


@dataclass(frozen=True)
class PictureFile:
    """A file's name, its size, and a stamp that changes whenever its content does.

    In a folder the stamp is the time of the last writing, which `cp -p`, `rsync -t` and
    `unzip` set as they like; the time of the last change of any kind, which only the
    system sets; and the file's number on its disk. In a zip it is the CRC.
    """

    name: str
    size: int
    stamp: tuple[int, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders it lies in, then its own name."""
        return tuple(self.name.split("/"))


class PictureFiles(Protocol):
    """Where pictures lie; a context, so that an archive is closed."""

    def sorted_files(self) -> list[PictureFile]:
        """Every picture file, sorted."""

    def read(self, name: str) -> bytes:
        """The content of one."""

    def __enter__(self) -> "PictureFiles": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class Folder:
    """Pictures in a folder and the folders in it; links to folders are not followed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def sorted_files(self) -> list[PictureFile]:
        """Every picture file, sorted."""
        found = []
        for folder, below, names in os.walk(self.root, onerror=_cannot_list):
            below[:] = [name for name in below if not _is_ignored(name)]
            inside = Path(folder).relative_to(self.root).as_posix()
            start = "" if inside == "." else f"{inside}/"
            for name in filter(is_picture, names):
                about = _about(Path(folder, name))
                if stat.S_ISREG(about.st_mode):
                    stamp = (about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
                    found.append(PictureFile(start + name, about.st_size, stamp))
        return sorted(found, key=lambda file: file.parts)

    def read(self, name: str) -> bytes:
        """The content of one."""
        try:
            with (self.root / name).open("rb") as file:
                return file.read(FILE_LIMIT + 1)
        except OSError as error:
            raise DatasetError(
                f"{self.root / name} cannot be read: {error.strerror or error}. "
                "Replace the file or take it out."
            ) from error

    def __enter__(self) -> "Folder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass


class Zip:
    """Pictures in a zip."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DatasetError(
                f"{path} cannot be read as a zip ({error}). Give a folder, or a zip "
                "with one folder of images for each class."
            ) from error

    def sorted_files(self) -> list[PictureFile]:
        """Every picture file, sorted."""
        entries = self.archive.infolist()
        if len(entries) > MOST_FILES:
            raise DatasetError(
                f"{self.path} holds {len(entries)} files; up to {MOST_FILES} are read. "
                "Make several archives of it."
            )
        found = [
            PictureFile(entry.filename, entry.file_size, (entry.CRC,))
            for entry in entries
            if is_picture(entry.filename) and _is_plain(entry)
        ]
        self._check(found)
        return sorted(found, key=lambda file: file.parts)

    def read(self, name: str) -> bytes:
        """The content of one."""
        try:
            with self.archive.open(name) as file:
                return file.read(FILE_LIMIT + 1)
        except (
            zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, KeyError,
            ValueError, NotImplementedError,
        ) as error:  # fmt: skip
            raise DatasetError(
                f"{self.path}: {name} cannot be unpacked ({error}). Make the zip "
                "again, without a password."
            ) from error

    def _check(self, files: list[PictureFile]) -> None:
        names = [file.name for file in files]
        wrong = next((file.name for file in files if _points_outside(file)), None)
        if wrong is not None or len(set(names)) < len(names):
            name = wrong or Counter(names).most_common(1)[0][0]
            kind = "leads out of the archive" if wrong else "is there twice"
            raise DatasetError(f"{self.path}: {name} {kind}. Make the zip again.")

    def __enter__(self) -> "Zip":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.archive.close()


def is_picture(name: str) -> bool:
    """Whether a file is read, by its name alone."""
    path = PurePosixPath(name)
    hidden = any(_is_ignored(part) for part in path.parts if part not in (".", ".."))
    return path.suffix.lower() in SUFFIXES and not hidden


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name in IGNORED


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return not entry.is_dir() and kind in (0, stat.S_IFREG)


def _points_outside(file: PictureFile) -> bool:
    return file.name.startswith("/") or "\\" in file.name or ".." in file.parts


def _about(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be read: {error.strerror or error}. Replace the file or "
            "take it out."
        ) from error


def _cannot_list(error: OSError) -> None:
    raise DatasetError(
        f"{error.filename} cannot be listed: {error.strerror}. Make it readable."
    ) from error
