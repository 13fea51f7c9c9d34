"""Safe access to a run folder from an untrusted source.

The path of a run folder may contain links, for example ~/runs -> /data/runs. Inside it
nothing is written or deleted through a link: every folder on the way is opened relative
to the handle of its parent. A file is read, through a link or not, only if it is a
regular file: a device or a pipe raises an error that names it, before a read can block.
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
AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # do not block on a pipe
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
    """An open folder whose entries are accessed relative to its handle.

    Windows has no such handles; there `handle` is None and full paths are used.
    """

    path: Path
    handle: int | None

    def at(self, name: str) -> str | Path:
        """The path of an entry for functions of `os`, to pass with `dir_fd=handle`."""
        return self.path / name if self.handle is None else name

    def look(self, name: str) -> os.stat_result | None:
        """The status of an entry, without following a link; None if absent."""
        try:
            return os.stat(self.at(name), dir_fd=self.handle, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """Sorted names of all entries."""
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
        """Remove an entry and its contents; for a link, only the link."""
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
        """Make changes of names durable: flush the folder itself to disk."""
        if self.handle is not None:
            os.fsync(self.handle)

    def close(self) -> None:
        """Close the handle."""
        if self.handle is not None:
            os.close(self.handle)


@contextmanager
def opened(folder: Path, root: Path | None = None) -> Iterator[Place]:
    """Open a folder for the duration of the block; OSError if it does not exist.

    No folder below `root` may be a link (RunError). Without `root`, the path may
    contain links, since it was given by the user.
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
    """Read the content of a file; RunError for a device or a pipe."""
    _check(path, os.stat(path))
    with open(path, "rb", opener=_at_once) as file:
        _check(path, os.fstat(file.fileno()))
        return file.read()


def is_file(path: Path) -> bool:
    """Return whether a regular file exists; RunError for a device or a pipe."""
    try:
        found = os.stat(path)
    except ValueError:  # not a valid file name
        return False
    except OSError as error:
        if error.errno in ABSENT:
            return False
        raise
    _check(path, found)
    return stat.S_ISREG(found.st_mode)


def regular(path: Path) -> Path:
    """Return the path unchanged; RunError for a device or a pipe."""
    is_file(path)
    return path


def check_no_link(path: Path) -> None:
    """Raise RunError for a link, which is to be reported and not to be repaired."""
    if path.is_symlink():
        raise _refused(path, os.lstat(path))


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | AT_ONCE)


def _check(path: Path, found: os.stat_result) -> None:
    """Raise RunError for anything that could block or never end when read."""
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise _refused(path, found)


def _refused(path: Path, found: os.stat_result) -> RunError:
    kind = KINDS.get(stat.S_IFMT(found.st_mode), "something else")
    if kind == "a link":
        return RunError(
            f"{path} is a link, and nothing is written through links inside a run, a "
            "study or a sweep. Copy the folder with its links resolved (cp -rL), and "
            "use the copy."
        )
    return RunError(
        f"{path} is {kind}, where a regular file was expected. Remove it, or use a "
        "copy of the folder."
    )
