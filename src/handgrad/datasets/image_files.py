"""The image files of a folder or a zip, in a deterministic order.

Names are relative to the folder or zip, with "/" between their parts, and sorted by
those parts, whatever the order in the file system. Links are followed. Files of other
kinds, hidden files and system files are ignored, and counted. A zip is read in memory
and never extracted.
"""

import os
import zipfile
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from stat import S_ISDIR, S_ISREG
from typing import Self

from handgrad.datasets.image_decoding import FILE_LIMIT, SUFFIXES
from handgrad.datasets.zip_entries import (
    BROKEN_ZIP,
    check_no_password,
    is_folder,
    is_guessed,
    is_plain,
    name_of_entry,
)
from handgrad.errors import DatasetError, cannot_read, warn
from handgrad.text import composed, decoded

MOST_FILES = 2_000_000
LEFT_BEHIND = {  # system files, also of network drives, in lower case
    *("__macosx", "@eadir", "@recycle", "@recently-snapshot", "@tmp", "#recycle"),
    *("#snapshot", "$recycle.bin", "system volume information", "lost+found"),
    *("thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", "recycler"),
}
HIDDEN = "hidden or left by a system"  # these kinds are keys of JSON output
BROKEN, CYCLES, PIPES = (
    "broken links",
    "links to a folder around them",
    "pipes or devices",
)
PLAIN = "without an ending"
REPLACE = "Replace or remove the file."
UNREAD = {  # extensions of images in other formats
    *(".heic", ".heif", ".hif", ".jxl", ".svg", ".psd", ".xcf", ".eps", ".pdf"),
    *(".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef"),
    *(".exr", ".hdr", ".dcm"),
}
WORDS = {  # one, several
    BROKEN: ("broken link", "broken links"),
    CYCLES: ("link to a parent folder", "links to a parent folder"),
    HIDDEN: ("hidden or system file", "hidden or system files"),
    PIPES: ("pipe or device", "pipes or devices"),
    PLAIN: ("without an extension", "without an extension"),
}


@dataclass(frozen=True)
class ImageFile:
    """A file's name, its size, and a stamp that changes whenever its content does.

    In a folder the stamp is the modification time, which `cp -p`, `rsync -t` and
    `unzip` can set; the time of the last status change (ctime), which only the system
    sets; and the inode number. In a zip it is the CRC.
    """

    name: str
    size: int
    stamp: tuple[int, ...]

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The folders that contain it, then its own name, in Unicode form NFC."""
        return tuple(composed(self.name).split("/"))


class ImageFiles(ABC):
    """A source of images; a context manager, so that an archive is closed."""

    def __init__(self) -> None:
        self.passed_over: Counter[str] = Counter()  # ignored files, after sorted_files
        self.ignored: dict[str, Counter[str]] = defaultdict(Counter)  # by folder
        self.folders: set[str] = set()  # all folders, after sorted_files

    @abstractmethod
    def sorted_files(self) -> list[ImageFile]:
        """Return every image file, sorted."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return the content of a file."""

    def _pass_over(self, folder: str, kind: str) -> None:
        self.passed_over[kind] += 1
        self.ignored[folder.rstrip("/")][kind] += 1

    def close(self) -> None:  # noqa: B027 - a folder has nothing to close
        """Close the archive, if it is one."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Folder(ImageFiles):
    """Images in a folder and its subfolders, following links."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root

    def sorted_files(self) -> list[ImageFile]:
        """Return every image file, sorted."""
        self.passed_over.clear()
        self.ignored.clear()
        found = list(self._below("", (_identity(self.root),)))
        return sorted(found, key=lambda file: (file.parts, file.name))

    def _below(
        self, start: str, above: tuple[tuple[int, int], ...]
    ) -> Iterator[ImageFile]:
        """Images of a folder and its subfolders; `above` are its parents."""
        try:
            names = os.listdir(self.root / start)
        except OSError as error:
            raise _cannot_list(self.root / start, error) from error
        for name in names:
            path = os.path.join(self.root, start + name)  # a Path is much slower
            if _is_ignored(name):
                self._pass_over(start, HIDDEN)
            elif not os.path.exists(path):
                self._pass_over(start, BROKEN)
            elif S_ISDIR((about := _about(path)).st_mode):
                own = (about.st_dev, about.st_ino)
                if own in above:
                    self._pass_over(start, CYCLES)
                else:
                    self.folders.add(start + name)
                    yield from self._below(f"{start}{name}/", (*above, own))
            elif not S_ISREG(about.st_mode):
                self._pass_over(start, PIPES)
            elif name.lower().endswith(SUFFIXES):
                stamp = (about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
                yield ImageFile(start + name, about.st_size, stamp)
            else:
                self._pass_over(start, _kind(name))

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        try:
            with (self.root / name).open("rb") as file:
                return file.read(FILE_LIMIT + 1)
        except OSError as error:
            raise cannot_read(self.root / name, error, REPLACE) from error


class Zip(ImageFiles):
    """Images in a zip."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        try:
            self.archive = zipfile.ZipFile(path)
        except BROKEN_ZIP as error:
            raise DatasetError(
                f"{path} cannot be read as a zip ({error}). Give a folder, or a zip "
                "with one folder of images for each class."
            ) from error
        self.entries: dict[str, zipfile.ZipInfo] = {}

    def sorted_files(self) -> list[ImageFile]:
        """Return every image file, sorted."""
        entries = self.archive.infolist()
        if len(entries) > MOST_FILES:
            raise DatasetError(
                f"{self.path} holds {len(entries)} files; the limit is {MOST_FILES}. "
                "Split it into several archives."
            )
        check_no_password(self.path, entries)
        self.passed_over.clear()
        self.ignored.clear()
        found, guessed = [], ""
        for entry in entries:
            name = name_of_entry(entry)
            if is_image(name) and is_plain(entry):
                guessed = guessed or (name if is_guessed(entry) else "")
                found.append(ImageFile(name, entry.file_size, (entry.CRC,)))
                self.entries[name] = entry
            elif is_folder(entry):
                self.folders |= {name.rstrip("/")} - {""}
            else:
                is_left = any(map(_is_ignored, name.split("/")))
                kind = HIDDEN if is_left else _kind(name)
                folder = name.rpartition("/")[0]
                self.folders |= {folder} - {""} if kind in UNREAD else set()
                self._pass_over(folder, kind)
        self._check(found)
        if guessed:
            warn(
                f"{self.path} does not state the encoding of its file names, so names "
                f"such as {guessed} may be wrong. Create the zip again with UTF-8 "
                "names, or give the folder."
            )
        return sorted(found, key=lambda file: (file.parts, file.name))

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        try:
            with self.archive.open(self.entries.get(name, name)) as file:
                return file.read(FILE_LIMIT + 1)
        except BROKEN_ZIP as error:
            raise DatasetError(
                f"{self.path}: {name} cannot be unpacked ({error}). Create the zip "
                "again."
            ) from error

    def _check(self, files: list[ImageFile]) -> None:
        names = [file.name for file in files]
        wrong = next((file.name for file in files if _points_outside(file)), None)
        if wrong is not None or len(set(names)) < len(names):
            name = wrong or Counter(names).most_common(1)[0][0]
            kind = "points outside the archive" if wrong else "occurs twice"
            raise DatasetError(f"{self.path}: {name} {kind}. Create the zip again.")

    def close(self) -> None:
        """Close the archive."""
        self.archive.close()


def is_image(name: str) -> bool:
    """Whether a file is an image to read, by its name alone."""
    if not name.lower().endswith(SUFFIXES):
        return False
    return not any(_is_ignored(p) for p in name.split("/") if p not in (".", ".."))


def in_words(passed_over: Mapping[str, int]) -> str:
    """Describe the ignored files: their kinds and counts."""
    kinds = [
        f"{count:,} {WORDS.get(kind, (kind, kind))[count > 1]}"
        for kind, count in sorted(passed_over.items())
    ]
    return f"ignored: {', '.join(kinds)}"


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name.lower() in LEFT_BEHIND


def _kind(name: str) -> str:
    """Kind under which another file is counted: its extension."""
    return decoded(PurePosixPath(name).suffix.lower()) or PLAIN


def _identity(path: Path) -> tuple[int, int]:
    about = _about(path)
    return about.st_dev, about.st_ino


def _points_outside(file: ImageFile) -> bool:
    is_drive = len(file.parts[0]) > 1 and file.parts[0].endswith(":")
    return file.name.startswith("/") or is_drive or ".." in file.parts


def _about(path: str | Path) -> os.stat_result:
    try:
        return os.stat(path)
    except OSError as error:
        raise cannot_read(Path(path), error, REPLACE) from error


def _cannot_list(path: Path, error: OSError) -> DatasetError:
    return DatasetError(f"{path} cannot be listed: {error.strerror}. Make it readable.")
