"""Atomic file operations: a file is complete or absent, even after a crash.

A file is written under a temporary name in the same folder, flushed to disk (fsync) and
renamed over the old one; then the folder is flushed. Folders are written the same way.
Every byte of a run goes through `write_all`. With a `root`, no folder below it may be a
symbolic link, see `real_files`.
"""

import errno
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from handgrad.errors import HandgradError, ResourceError, RunError
from handgrad.free_memory import FULL
from handgrad.training.real_files import Place, opened, read_file

TEMPORARY = ".tmp-"
HALF_WRITTEN = re.compile(r"\.tmp-\d+-[0-9a-f]{8}-.+", re.DOTALL)
TRIAL = 4096  # bytes of a trial file
GO_ON = (
    "continue where it stopped: a run with handgrad train --resume, a study or a sweep "
    "with the same command."
)
RESUMED = (("config.toml", "checkpoints"), ("ledger", "trials"))  # in their folders
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def write_file(path: Path, content: bytes, root: Path | None = None) -> None:
    """Write a file atomically; the old one stays until the new one is on disk."""
    try:
        put_file(path, content, root)
    except OSError as error:
        raise cannot_write(path, error, len(content)) from error


def put_file(path: Path, content: bytes, root: Path | None = None) -> None:
    """Same as `write_file`, but raises the OSError itself."""
    with opened(path.parent, root) as place:
        _put(place, path.name, content)


def check_writable(path: Path) -> None:
    """Write a small file beside `path` and remove it; raise the error of `write_file`.

    A missing folder is one to be created: the nearest parent that exists is tried.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        with opened(folder) as place, _temporary(place, "trial") as name:
            _write_through(place, name, bytes(TRIAL))
            place.remove(name)
    except OSError as error:
        raise cannot_write(path, error, TRIAL) from error


def write_folder(
    path: Path, files: Mapping[str, bytes], root: Path | None = None
) -> None:
    """Write a new folder of files atomically."""
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


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, all of them or none; create it if it is missing.

    Each is on disk under a temporary name before the first is renamed.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        create_folder(folder)
        with opened(folder) as place, ExitStack() as stack:
            names = {
                name: stack.enter_context(_temporary(place, name)) for name in files
            }
            for name, content in files.items():
                _write_through(place, names[name], content)
            for name, temporary in names.items():
                os.replace(place.at(temporary), place.at(name), **_within(place))
            place.flush()
    except BaseException as error:
        for path in made:
            with suppress(OSError):
                path.rmdir()
        if isinstance(error, OSError):
            size = sum(map(len, files.values()))
            raise cannot_write(folder, error, size) from error
        raise


def make_folder(path: Path, root: Path | None = None) -> None:
    """Create a folder and its missing parents.

    Below `root` none of them may be a symbolic link (RunError).
    """
    try:
        create_folder(path, root)
    except OSError as error:
        raise cannot_write(path, error) from error


def create_folder(path: Path, root: Path | None = None) -> None:
    """Same as `make_folder`, but raises the OSError itself."""
    (root or path).mkdir(parents=True, exist_ok=True)
    for folder in reversed([path, *path.parents]):
        if root is not None and root in folder.parents:
            _make_inside(folder, root)


def append(path: Path, content: bytes, root: Path | None = None) -> int:
    """Append to a file and return its new size; after a failure it is unchanged."""
    try:
        with opened(path.parent, root) as place:
            return _append(place, path.name, content)
    except OSError as error:
        raise cannot_write(path, error, len(content)) from error


def open_log(path: Path) -> IO[bytes]:
    """Open a file for appending the output of another process."""
    with opened(path.parent) as place:
        handle = place.open(path.name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        return os.fdopen(handle, "ab")


def cut(path: Path, size: int) -> None:
    """Truncate a file to its first `size` bytes."""
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
    """Create a small file atomically; return False if the name is taken."""
    try:
        with opened(path.parent) as place, _temporary(place, path.name) as name:
            _write_through(place, name, content)
            # unlike a rename, a link never replaces another file
            os.link(place.at(name), place.at(path.name), **_within(place))
            place.remove(name)
    except FileExistsError:
        return False
    except OSError as error:
        raise cannot_write(path, error, len(content)) from error
    return True


def remove_file(path: Path, root: Path | None = None) -> None:
    """Remove a file, or a link itself; do nothing if it is absent."""
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
    """Remove the temporary files of a killed process."""
    if not folder.is_dir():
        return
    with opened(folder, root) as place:
        for name in filter(HALF_WRITTEN.fullmatch, place.names()):
            place.remove(name)


def cannot_write(path: Path, error: OSError, wanted: int = 0) -> HandgradError:
    """Return the error for a failed write: disk full, or no permission."""
    why = error.strerror or str(error)
    go_on = GO_ON if _is_resumed(path) else ""
    intact = " Everything saved before is intact." if go_on else ""
    if error.errno in FULL:
        is_full = error.errno == errno.ENOSPC
        free = f" and {_free(path):,} are free" if is_full else ""
        return ResourceError(
            f"{path} cannot be written: {why}; it needs {wanted:,} bytes{free}."
            f"{intact} {FULL[error.errno]}, then {go_on or 'try again.'}"
        )
    advice = f"folder, or make this one writable and {go_on}"
    return RunError(
        f"{path} cannot be written: {why}.{intact} Give another "
        f"{advice if go_on else 'path, or make its folder writable.'}"
    )


def write_all(handle: int, content: bytes) -> None:
    """Write all bytes to an open file; one os.write may accept only some of them."""
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
    """Copy a file with hard links (cp -al) before it is changed in place."""
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
    """Yield a temporary name to write under; it is removed if the write fails."""
    temporary = f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex[:8]}-{name}"
    try:
        yield temporary
    except BaseException:  # also an interrupt that stops at once
        place.remove(temporary)
        raise


def _within(place: Place) -> dict[str, Any]:
    """Keyword arguments of os.rename and os.link: both names are in this folder."""
    return {"src_dir_fd": place.handle, "dst_dir_fd": place.handle}


def _is_resumed(path: Path) -> bool:
    """Whether a path lies in the folder of a run, a study or a sweep."""
    return any(
        all(os.path.exists(folder / name) for name in names)
        for folder in path.parents
        for names in RESUMED
    )


def _free(path: Path) -> int:
    """Free bytes on the file system of a path."""
    folder = next((p for p in path.parents if p.is_dir()), Path())
    return shutil.disk_usage(folder).free
