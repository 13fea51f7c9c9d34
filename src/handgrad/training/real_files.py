"""Access to a run folder that a stranger may have prepared.

A run folder may itself be reached through links, for example ~/runs -> /data/runs.
Inside it nothing is written or deleted through a link: every folder on the way is
opened from the handle of the one above. A file is read, through a link or not, only
where it is a regular file: a device or a pipe is refused by name before anything waits
for it.
"""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from handgrad.errors import RunError

HAS_HANDLES = {os.open, os.mkdir, os.rename, os.unlink} <= os.supports_dir_fd
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # never wait for the other end of a pipe
ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class Place:
    """An open folder whose entries are reached through its handle.

    Windows has no such handles; there `handle` is None, and entries have full paths.
    """

    path: Path
    handle: int | None

    def at(self, name: str) -> str | Path:
        """What the functions of `os` take for an entry, beside `dir_fd=handle`."""
        return self.path / name if self.handle is None else name

    def look(self, name: str) -> os.stat_result | None:
        """What is known of an entry itself, not of what it leads to; None if absent."""
        try:
            return os.stat(self.at(name), dir_fd=self.handle, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """The names of all entries, sorted."""
        return sorted(os.listdir(self.path if self.handle is None else self.handle))

    def open(self, name: str, flags: int) -> int:
        """Open a regular file; RunError if the entry is something else."""
        found = self.look(name)
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise _refused(self.path / name, found)
        flags |= NO_LINK | AT_ONCE
        return os.open(self.at(name), flags, 0o666, dir_fd=self.handle)

    def folder(self, name: str) -> "Place":
        """Open a folder inside this one; RunError if it is a link."""
        path, found = self.path / name, self.look(name)
        if found is not None and stat.S_ISLNK(found.st_mode):
            raise _refused(path, found)
        if self.handle is None:
            return Place(path, None)
        return Place(path, os.open(name, FOLDER | NO_LINK, dir_fd=self.handle))

    def remove(self, name: str) -> None:
        """Remove an entry with all that is in it; of a link, the link alone."""
        found = self.look(name)
        if found is None:
            return
        if not stat.S_ISDIR(found.st_mode):
            os.unlink(self.at(name), dir_fd=self.handle)
        elif self.handle is None:
            shutil.rmtree(self.path / name, ignore_errors=True)
        else:
            shutil.rmtree(name, ignore_errors=True, dir_fd=self.handle)

    def flush(self) -> None:
        """Make changes of names durable: write the folder's own entry to the disk."""
        if self.handle is not None:
            os.fsync(self.handle)

    def close(self) -> None:
        """Give the handle back."""
        if self.handle is not None:
            os.close(self.handle)


@contextmanager
def opened(folder: Path, root: Path | None = None) -> Iterator[Place]:
    """A folder, open for as long as the block runs; OSError if it is not there.

    No folder below `root` may be a link (RunError). Without `root`, links may lead to
    the folder: a user has named it.
    """
    root = folder if root is None else root
    place = Place(root, os.open(root, FOLDER) if HAS_HANDLES else None)
    try:
        for name in folder.relative_to(root).parts:
            outer, place = place, place.folder(name)
            outer.close()
        yield place
    finally:
        with suppress(OSError):
            place.close()


def read_file(path: Path) -> bytes:
    """The content of a file; RunError for a device or a pipe."""
    _check(path, os.stat(path))
    with open(path, "rb", opener=_at_once) as file:
        _check(path, os.fstat(file.fileno()))
        return file.read()


def is_file(path: Path) -> bool:
    """Whether a regular file is there; RunError if it is a device or a pipe."""
    try:
        found = os.stat(path)
    except ValueError:  # no name of a file
        return False
    except OSError as error:
        if error.errno in ABSENT:
            return False
        raise
    _check(path, found)
    return stat.S_ISREG(found.st_mode)


def regular(path: Path) -> Path:
    """The path itself; RunError if a device or a pipe is there."""
    is_file(path)
    return path


def check_no_link(path: Path) -> None:
    """RunError for a link: what is wrong is then not the file, and not to be mended."""
    if path.is_symlink():
        raise _refused(path, os.lstat(path))


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | AT_ONCE)


def _check(path: Path, found: os.stat_result) -> None:
    """RunError for what would block, or never end, when it is read."""
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise _refused(path, found)


def _refused(path: Path, found: os.stat_result) -> RunError:
    kind = KINDS.get(stat.S_IFMT(found.st_mode), "something else")
    if kind == "a link":
        return RunError(
            f"{path} is a link, and nothing is written through the links of a run, a "
            "study or a sweep. Copy its folder with what the links lead to (cp -rL), "
            "and use the copy."
        )
    return RunError(
        f"{path} is {kind}, where a regular file belongs. Remove it, or use a copy of "
        "the folder."
    )
