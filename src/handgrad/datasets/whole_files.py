"""Files and folders that are whole or not there, whatever stops the program.

All is written under a temporary name beside its place, flushed to the disk, and only
then renamed; what was there before stays until then.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from uuid import uuid4

from handgrad.errors import ResourceError

TEMPORARY = ".tmp-"
FULL = (ENOSPC, EDQUOT, EFBIG)
STALE_SECONDS = 24 * 3600


@contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """A free name in the same folder; what is left under it at the end is removed.

    What programs that were killed left there a day ago or more is removed, too.
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
    """Move a written file to its place, over what is there."""
    flush(temporary)
    os.replace(temporary, path)
    flush(path.parent)


def put_folder(temporary: Path, path: Path) -> None:
    """Move a written folder to its place; an old one goes when the new one stands."""
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
    """Remove what begins with `prefix` and no program has written for a day."""
    for entry in folder.glob(f"{prefix}*"):
        try:
            is_stale = time.time() - entry.stat().st_mtime > STALE_SECONDS
        except OSError:  # its own program has just removed it
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
    """Wait until a file, or a folder's list of names, is on the disk."""
    if path.is_dir() and os.name == "nt":  # Windows opens no folders
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class UnwritableError(ResourceError):
    """A place that cannot be written, and not for want of room."""


def cannot_write(path: Path, error: OSError) -> ResourceError:
    """The error for a place that cannot be written to."""
    kind = ResourceError if error.errno in FULL else UnwritableError
    return kind(
        f"{path} cannot be written: {error.strerror or error}. Make room there, or "
        "name another folder in HANDGRAD_CACHE or as data_dir (--data-dir)."
    )
