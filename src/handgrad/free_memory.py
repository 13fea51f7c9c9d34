"""Checks for enough memory or disk space before an allocation or a read."""

import shutil
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path

from handgrad.errors import ResourceError

UNITS = {"GB": 1e9, "MB": 1e6, "kB": 1e3}

FULL = {  # errors of a write that is too large, and what to do first
    ENOSPC: "Free some disk space",
    EDQUOT: "Delete some of your files, or have your quota raised",
    EFBIG: "Raise the limit on file sizes (ulimit -f) or use another file system",
}
NEXT = "Close other programs, or use fewer or smaller images."


def check_memory(wanted: int, what: str, following: str = NEXT) -> None:
    """ResourceError if this many bytes exceed the free memory."""
    free = free_memory()
    if wanted > free:
        raise ResourceError(
            f"{what} needs {in_units(wanted)} of memory, but {in_units(free)} are "
            f"free. {following}"
        )


def check_disk(wanted: int, folder: Path, what: str) -> None:
    """ResourceError if this many bytes exceed the free disk space of a folder."""
    free = shutil.disk_usage(folder).free
    if wanted > free:
        raise ResourceError(
            f"{what} needs {in_units(wanted)} in {folder}, but {in_units(free)} are "
            "free there. Free some space, or set HANDGRAD_CACHE to another folder."
        )


def in_units(size: int) -> str:
    """Format a number of bytes: `3.14 MB`."""
    for unit, amount in UNITS.items():
        if size >= amount:
            return f"{size / amount:.2f} {unit}"
    return f"{size} bytes"


def free_memory() -> int:
    """Bytes that a program can still allocate, on this machine and in its container."""
    import psutil

    available = int(psutil.virtual_memory().available)
    left = _of_container()
    return available if left is None else min(available, left)


def _of_container(group: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes left under the container's limit; reclaimable file pages count as free."""
    try:
        limit, used = (
            int((group / name).read_text(encoding="ascii"))
            for name in ("memory.max", "memory.current")
        )
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
        files = int(dict(line.split(" ", 1) for line in lines)["inactive_file"])
        return max(limit - used + files, 0)
    except (OSError, ValueError, KeyError):  # no container, or one without a limit
        return None
