"""Where data sets are looked for: what a user already has is found.

    1. the folder given (--data-dir)
    2. the folder that HANDGRAD_DATA names
    3. ./data, as torchvision's tutorials have it
    4. the user's cache, where downloads go

In each, a data set may have its own folder under the names of several libraries.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


def cache_folder() -> Path:
    """Where Handgrad keeps downloads and decoded images, by the platform's custom."""
    if "HANDGRAD_CACHE" in os.environ:
        return Path(os.environ["HANDGRAD_CACHE"]).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "handgrad"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "handgrad"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "handgrad"


def roots(data_dir: Path | None = None) -> list[Path]:
    """The folders that are searched, first to last."""
    found = [data_dir] if data_dir is not None else []
    if os.environ.get("HANDGRAD_DATA"):
        found.append(Path(os.environ["HANDGRAD_DATA"]))
    return [*[root.expanduser() for root in found], Path("data"), cache_folder()]


def folders(data_dir: Path | None, names: Sequence[str]) -> Iterator[Path]:
    """Every existing folder in which the files may lie: the root itself comes last."""
    for root in roots(data_dir):
        for folder in (*[root / name for name in names], root):
            if folder.is_dir():
                yield folder


def first_existing(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of these files that the folder holds."""
    return next((folder / name for name in names if (folder / name).is_file()), None)
