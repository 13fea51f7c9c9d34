"""Files that are either whole or not there, whatever happens while they are written.

A file is written under a temporary name in the same folder, flushed to the disk, then
renamed over the old one, and the folder's entry is flushed. A folder likewise. Every
byte of a run goes through `write_all`. With a `root`, no folder below it may be a link,
see `real_files`.
"""

import errno
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from handgrad.errors import HandgradError, ResourceError, RunError
from handgrad.training.real_files import Place, opened, read_file

TEMPORARY = ".tmp-"
HALF_WRITTEN = re.compile(r"\.tmp-\d+-[0-9a-f]{8}-.+", re.DOTALL)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
GO_ON = (
    "go on where it stopped: a run with handgrad train --resume, a study or a sweep "
    "with the same command."
)
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def write_file(path: Path, content: bytes, root: Path | None = None) -> None:
    """Put a file in place as a whole; the old one stays until the new one is safe."""
    try:
        put_file(path, content, root)
    except OSError as error:
        raise cannot_write(path, error, len(content)) from error


def put_file(path: Path, content: bytes, root: Path | None = None) -> None:
    """The same, with the system's own error if it fails."""
    with opened(path.parent, root) as place:
        _put(place, path.name, content)


def write_folder(
    path: Path, files: Mapping[str, bytes], root: Path | None = None
) -> None:
    """Put a new folder of files in place as a whole."""
    try:
        with opened(path.parent, root) as place, _temporary(place, path.name) as name:
            os.mkdir(place.at(name), dir_fd=place.handle)
            with closing(place.folder(name)) as inner:
                for file, content in files.items():
                    _write_through(inner, file, content)
                inner.flush()
            os.rename(place.at(name), place.at(path.name), **_within(place))
            place.flush()
    except OSError as error:
        raise cannot_write(path, error, sum(map(len, files.values()))) from error


def make_folder(path: Path, root: Path | None = None) -> None:
    """Make a folder and those above it, unless they are there.

    Below `root` they must be folders themselves: RunError for a link.
    """
    try:
        create_folder(path, root)
    except OSError as error:
        raise cannot_write(path, error) from error


def create_folder(path: Path, root: Path | None = None) -> None:
    """The same, with the system's own error if it fails."""
    (root or path).mkdir(parents=True, exist_ok=True)
    for folder in reversed([path, *path.parents]):
        if root is not None and root in folder.parents:
            _make_inside(folder, root)


def append(path: Path, content: bytes, root: Path | None = None) -> int:
    """Add to a file and return its new size; if that fails, it is as it was."""
    try:
        with opened(path.parent, root) as place:
            return _append(place, path.name, content)
    except OSError as error:
        raise cannot_write(path, error, len(content)) from error


def open_log(path: Path) -> IO[bytes]:
    """A file to add to, whole lines or not: what another process says of itself."""
    with opened(path.parent) as place:
        handle = place.open(path.name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        return os.fdopen(handle, "ab")


def cut(path: Path, size: int) -> None:
    """Shorten a file to its first bytes."""
    try:
        with opened(path.parent) as place:
            _unshare(place, path.name)
            handle = place.open(path.name, os.O_WRONLY)
            try:
                os.ftruncate(handle, size)
            finally:
                os.close(handle)
    except OSError as error:
        raise cannot_write(path, error) from error


def claim_file(path: Path, content: bytes) -> bool:
    """Make a whole small file unless there is one of that name; whether it is ours."""
    try:
        with opened(path.parent) as place, _temporary(place, path.name) as name:
            _write_through(place, name, content)
            # unlike a rename, never over another file
            os.link(place.at(name), place.at(path.name), **_within(place))
            place.remove(name)
    except FileExistsError:
        return False
    except OSError as error:
        raise cannot_write(path, error, len(content)) from error
    return True


def remove_file(path: Path, root: Path | None = None) -> None:
    """Remove a file, or a link itself, unless it is gone already."""
    if not path.parent.is_dir():
        return
    try:
        with opened(path.parent, root) as place:
            with suppress(FileNotFoundError):
                os.unlink(place.at(path.name), dir_fd=place.handle)
            place.flush()
    except OSError as error:
        raise cannot_write(path, error) from error


def sweep(folder: Path, root: Path | None = None) -> None:
    """Remove what a killed process left half written."""
    if not folder.is_dir():
        return
    with opened(folder, root) as place:
        for name in filter(HALF_WRITTEN.fullmatch, place.names()):
            place.remove(name)


def cannot_write(path: Path, error: OSError, wanted: int = 0) -> HandgradError:
    """The error for a file that could not be written: no room, or no permission."""
    why = error.strerror or str(error)
    if error.errno in FULL:
        return ResourceError(
            f"{path} cannot be written: {why}; it takes {wanted:,} bytes and "
            f"{_free(path):,} are free. What was saved before is intact. Make room, "
            f"then {GO_ON}"
        )
    return RunError(
        f"{path} cannot be written: {why}. What was saved before is intact. Give "
        f"another folder, or make this one writable and {GO_ON}"
    )


def write_all(handle: int, content: bytes) -> None:
    """All bytes into an open file; the system may take them in several parts."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _put(place: Place, name: str, content: bytes) -> None:
    with _temporary(place, name) as temporary:
        _write_through(place, temporary, content)
        os.replace(place.at(temporary), place.at(name), **_within(place))
        place.flush()


def _append(place: Place, name: str, content: bytes) -> int:
    _unshare(place, name)
    handle = place.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        size = os.fstat(handle).st_size
        try:
            write_all(handle, content)
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)
    return size + len(content)


def _unshare(place: Place, name: str) -> None:
    """Copy a file that has a second name (cp -al), before it is changed in place."""
    found = place.look(name)
    if found is not None and stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
        _put(place, name, read_file(place.path / name))


def _make_inside(folder: Path, root: Path) -> None:
    with opened(folder.parent, root) as place:
        with suppress(FileExistsError):
            os.mkdir(place.at(folder.name), dir_fd=place.handle)
        place.folder(folder.name).close()


def _write_through(place: Place, name: str, content: bytes) -> None:
    handle = place.open(name, NEW)
    try:
        write_all(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _temporary(place: Place, name: str) -> Iterator[str]:
    """A name to write under; nothing of that name stays if the writing fails."""
    temporary = f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex[:8]}-{name}"
    try:
        yield temporary
    except BaseException:  # also a signal that waits for nothing
        place.remove(temporary)
        raise


def _within(place: Place) -> dict[str, Any]:
    """Both names of a rename or link are those of this folder's entries."""
    return {"src_dir_fd": place.handle, "dst_dir_fd": place.handle}


def _free(path: Path) -> int:
    """Bytes that are free where the file stands."""
    folder = next((p for p in path.parents if p.is_dir()), Path())
    return shutil.disk_usage(folder).free
