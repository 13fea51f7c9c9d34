"""Atomic writing of files and folders.

Everything is written under a temporary name in the same folder, flushed to disk, and
only then renamed; existing files and folders stay until then.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from handgrad.errors import ResourceError
from handgrad.free_memory import FULL

TEMPORARY = ".tmp-"
STALE_SECONDS = 24 * 3600


@contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """Yield a free name in the same folder; anything left under it is removed.

    Files that killed processes left there a day ago or more are removed, too.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path.parent, error) from error
    sweep(path.parent)
    temporary = path.with_name(
        f"{TEMPORARY}{os.getpid()}-{uuid4().hex[:8]}-{path.name}"
    )
    try:
        yield temporary
    finally:
        remove(temporary)


def put_file(temporary: Path, path: Path) -> None:
    """Move a written file to its place, replacing an existing one."""
    flush(temporary)
    os.replace(temporary, path)
    flush(path.parent)


def put_folder(temporary: Path, path: Path) -> None:
    """Move a written folder to its place, then remove the one it replaces."""
    for file in temporary.iterdir():
        flush(file)
    flush(temporary)
    old = path.with_name(f"{TEMPORARY}{os.getpid()}-{uuid4().hex[:8]}-old")
    if path.exists():
        path.rename(old)
    temporary.rename(path)
    flush(path.parent)
    remove(old)


def sweep(folder: Path, prefix: str = TEMPORARY) -> None:
    """Remove entries that start with `prefix` and were last written a day ago."""
    for entry in folder.glob(f"{prefix}*"):
        try:
            is_stale = time.time() - entry.stat().st_mtime > STALE_SECONDS
        except OSError:  # just removed by its own process
            continue
        if is_stale:
            remove(entry)


def remove(path: Path) -> None:
    """Remove a file or folder if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Flush a file, or the entries of a folder, to disk."""
    if path.is_dir() and os.name == "nt":  # Windows cannot open folders
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class UnwritableError(ResourceError):
    """A path that cannot be written, although the disk is not full."""


def cannot_write(path: Path, error: OSError) -> ResourceError:
    """Return the error for a path that cannot be written."""
    kind = ResourceError if error.errno in FULL else UnwritableError
    advice = f"{FULL[error.errno]}, or give" if error.errno in FULL else "Give"
    return kind(
        f"{path} cannot be written: {error.strerror or error}. {advice} another folder "
        "in HANDGRAD_CACHE or as data_dir (--data-dir)."
    )
