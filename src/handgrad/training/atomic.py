"""Files that are either whole or not there, whatever happens while they are written.

A file is written under a temporary name in the same folder, flushed to the disk, then
renamed over the old one, and the folder's entry is flushed. A folder likewise.
"""

import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from handgrad.errors import RunError

TEMPORARY = ".tmp-"


def write_file(path: Path, content: bytes) -> None:
    """Put a file in place as a whole; the old one stays until the new one is safe."""
    temporary = _temporary(path)
    try:
        _write_through(temporary, content)
        os.replace(temporary, path)
        flush_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise cannot_write(path, error) from error


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
        shutil.rmtree(temporary, ignore_errors=True)
        raise cannot_write(path, error) from error


def sweep(folder: Path) -> None:
    """Remove what a killed process left half written."""
    for entry in folder.glob(f"{TEMPORARY}*"):
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Make a rename last: the folder's own entry goes to the disk."""
    if os.name == "nt":  # Windows opens no folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot_write(path: Path, error: OSError) -> RunError:
    """The error for a file that could not be written."""
    return RunError(
        f"{path} cannot be written: {error.strerror or error}. What was saved before is "
        "intact. Make room or give another folder with --run, then go on with "
        "handgrad train --resume RUN."
    )


def _temporary(path: Path) -> Path:
    return path.with_name(
        f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex[:8]}-{path.name}"
    )


def _write_through(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
