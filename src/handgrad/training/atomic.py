"""Files that are either whole or not there, whatever happens while they are written.

A file is written under a temporary name in the same folder, flushed to the disk, then
renamed over the old one, and the folder's entry is flushed. A folder likewise. Every
byte of a run goes through `write_all`.
"""

import errno
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from handgrad.errors import HandgradError, ResourceError, RunError

TEMPORARY = ".tmp-"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_file(path: Path, content: bytes) -> None:
    """Put a file in place as a whole; the old one stays until the new one is safe."""
    temporary = _temporary(path)
    try:
        _write_through(temporary, content)
        os.replace(temporary, path)
        flush_folder(path.parent)
    except OSError as error:
        _remove(temporary)
        raise cannot_write(path, error, len(content)) from error
    except BaseException:  # a signal that waits for nothing
        _remove(temporary)
        raise


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Put a new folder of files in place as a whole."""
    temporary = _temporary(path)
    try:
        temporary.mkdir()
        for name, content in files.items():
            _write_through(temporary / name, content)
        flush_folder(temporary)
        os.rename(temporary, path)
        flush_folder(path.parent)
    except OSError as error:
        _remove(temporary)
        raise cannot_write(path, error, sum(map(len, files.values()))) from error
    except BaseException:
        _remove(temporary)
        raise


def make_folder(path: Path) -> None:
    """Make a folder and those above it, unless they are there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def append(path: Path, content: bytes) -> int:
    """Add to a file and return its new size; if that fails, it is as it was."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
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
    except OSError as error:
        raise cannot_write(path, error, len(content)) from error
    return size + len(content)


def claim_file(path: Path, content: bytes) -> bool:
    """Make a whole small file unless there is one of that name; whether it is ours."""
    temporary = _temporary(path)
    try:
        _write_through(temporary, content)
        os.link(temporary, path)  # unlike a rename, never over another file
    except FileExistsError:
        return False
    except OSError as error:
        raise cannot_write(path, error, len(content)) from error
    finally:
        _remove(temporary)
    return True


def sweep(folder: Path) -> None:
    """Remove what a killed process left half written."""
    for entry in folder.glob(f"{TEMPORARY}*"):
        _remove(entry)


def flush_folder(folder: Path) -> None:
    """Make a rename last: the folder's own entry goes to the disk."""
    if os.name == "nt":  # Windows opens no folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot_write(path: Path, error: OSError, wanted: int = 0) -> HandgradError:
    """The error for a file that could not be written: no room, or no permission."""
    why = error.strerror or str(error)
    if error.errno in FULL:
        return ResourceError(
            f"{path} cannot be written: {why}; it takes {wanted:,} bytes and "
            f"{_free(path):,} are free. What was saved before is intact. Make room, "
            "then save again, or go on with a run: handgrad train --resume RUN."
        )
    return RunError(
        f"{path} cannot be written: {why}. What was saved before is intact. Give "
        "another folder, or make this one writable and go on with a run: "
        "handgrad train --resume RUN."
    )


def write_all(handle: int, content: bytes) -> None:
    """All bytes into an open file; the system may take them in several parts."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _write_through(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        write_all(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def _temporary(path: Path) -> Path:
    return path.with_name(
        f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex[:8]}-{path.name}"
    )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    elif path.exists():
        path.unlink()


def _free(path: Path) -> int:
    """Bytes that are free where the file stands."""
    folder = next((p for p in path.parents if p.is_dir()), Path())
    return shutil.disk_usage(folder).free
