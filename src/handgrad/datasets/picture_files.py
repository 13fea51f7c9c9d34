"""The picture files of a folder or a zip, in an order of their own.

A folder or a zip gives names relative to it, with "/" between their parts, sorted by
those parts: never in the order in which a disk happens to list them. Links are
followed. Files of other kinds, hidden ones, and what systems leave behind are passed
over, and counted. A zip is read in memory, never extracted.
"""

import os
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Protocol

from handgrad.datasets.pictures import FILE_LIMIT, SUFFIXES
from handgrad.datasets.zip_entries import (
    BROKEN_ZIP,
    check_no_password,
    is_folder,
    is_guessed,
    is_plain,
    name_of_entry,
)
from handgrad.errors import DatasetError, HandgradWarning
from handgrad.text import composed, decoded

MOST_FILES = 2_000_000
LEFT_BEHIND = {  # what systems and network disks put among pictures, in lower case
    *("__macosx", "@eadir", "@recycle", "@recently-snapshot", "@tmp", "#recycle"),
    *("#snapshot", "$recycle.bin", "system volume information", "lost+found"),
    *("thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", "recycler"),
}
HIDDEN = "hidden or left by a system"
BROKEN, CYCLES, PIPES = (
    "broken links",
    "links to a folder around them",
    "pipes or devices",
)
ALONE = {
    BROKEN: "broken link",
    CYCLES: "link to a folder around it",
    PIPES: "pipe or device",
}


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
        """The folders it lies in, then its own name, accented letters composed."""
        return tuple(composed(self.name).split("/"))


class PictureFiles(Protocol):
    """Where pictures lie; a context, so that an archive is closed."""

    passed_over: Counter[str]  # kinds of files, once they were sorted
    folders: set[str]  # all of them, then

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
    """Pictures in a folder and the folders in it, through links as well."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.passed_over: Counter[str] = Counter()
        self.folders: set[str] = set()

    def sorted_files(self) -> list[PictureFile]:
        """Every picture file, sorted."""
        self.passed_over.clear()
        found = list(self._below("", (_identity(self.root),)))
        return sorted(found, key=lambda file: (file.parts, file.name))

    def _below(
        self, start: str, above: tuple[tuple[int, int], ...]
    ) -> Iterator[PictureFile]:
        """The pictures of one folder and of those in it; `above` are its parents."""
        try:
            names = os.listdir(self.root / start)
        except OSError as error:
            raise _cannot_list(self.root / start, error) from error
        for name in names:
            path = self.root / start / name
            if _is_ignored(name):
                self.passed_over[HIDDEN] += 1
            elif not path.exists():
                self.passed_over[BROKEN] += 1
            elif path.is_dir():
                own = _identity(path)
                if own in above:
                    self.passed_over[CYCLES] += 1
                else:
                    self.folders.add(start + name)
                    yield from self._below(f"{start}{name}/", (*above, own))
            elif not path.is_file():
                self.passed_over[PIPES] += 1
            elif is_picture(name):
                about = _about(path)
                stamp = (about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
                yield PictureFile(start + name, about.st_size, stamp)
            else:
                self.passed_over[_kind(name)] += 1

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
        except BROKEN_ZIP as error:
            raise DatasetError(
                f"{path} cannot be read as a zip ({error}). Give a folder, or a zip "
                "with one folder of images for each class."
            ) from error
        self.passed_over: Counter[str] = Counter()
        self.entries: dict[str, zipfile.ZipInfo] = {}
        self.folders: set[str] = set()

    def sorted_files(self) -> list[PictureFile]:
        """Every picture file, sorted."""
        entries = self.archive.infolist()
        if len(entries) > MOST_FILES:
            raise DatasetError(
                f"{self.path} holds {len(entries)} files; up to {MOST_FILES} are read. "
                "Make several archives of it."
            )
        check_no_password(self.path, entries)
        self.passed_over.clear()
        found, guessed = [], ""
        for entry in entries:
            name = name_of_entry(entry)
            if is_picture(name) and is_plain(entry):
                guessed = guessed or (name if is_guessed(entry) else "")
                found.append(PictureFile(name, entry.file_size, (entry.CRC,)))
                self.entries[name] = entry
            elif is_folder(entry):
                self.folders |= {name.rstrip("/")} - {""}
            else:
                is_left = any(map(_is_ignored, name.split("/")))
                self.passed_over[HIDDEN if is_left else _kind(name)] += 1
        self._check(found)
        if guessed:
            warnings.warn(
                f"{self.path} does not say in which encoding its names are, such as "
                f"{guessed}, which may be another name. Make the zip again with names "
                "in UTF-8, or give its folder.",
                HandgradWarning,
                stacklevel=2,
            )
        return sorted(found, key=lambda file: (file.parts, file.name))

    def read(self, name: str) -> bytes:
        """The content of one."""
        try:
            with self.archive.open(self.entries.get(name, name)) as file:
                return file.read(FILE_LIMIT + 1)
        except BROKEN_ZIP as error:
            raise DatasetError(
                f"{self.path}: {name} cannot be unpacked ({error}). Make the zip again."
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


def in_words(passed_over: Mapping[str, int]) -> str:
    """The kinds of files that were not read, with their counts."""
    kinds = [
        f"{count:,} {kind if count > 1 else ALONE.get(kind, kind)}"
        for kind, count in sorted(passed_over.items())
    ]
    return f"passed over: {', '.join(kinds)}"


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name.lower() in LEFT_BEHIND


def _kind(name: str) -> str:
    """What a file that is no picture is counted as: how its name ends."""
    return decoded(PurePosixPath(name).suffix.lower()) or "without an ending"


def _identity(path: Path) -> tuple[int, int]:
    about = _about(path)
    return about.st_dev, about.st_ino


def _points_outside(file: PictureFile) -> bool:
    is_drive = len(file.parts[0]) > 1 and file.parts[0].endswith(":")
    return file.name.startswith("/") or is_drive or ".." in file.parts


def _about(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be read: {error.strerror or error}. Replace the file or "
            "take it out."
        ) from error


def _cannot_list(path: Path, error: OSError) -> DatasetError:
    return DatasetError(f"{path} cannot be listed: {error.strerror}. Make it readable.")
