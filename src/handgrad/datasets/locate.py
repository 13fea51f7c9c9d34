"""Where data sets are looked for: what a user already has is found.

    1. the folder given (--data-dir)
    2. the folder that HANDGRAD_DATA names
    3. ./data, as torchvision's tutorials have it
    4. the user's cache, where downloads go
    5. where other libraries keep theirs: ~/.cache, ~/.keras/datasets, ~/.mxnet/datasets

In each, a data set may have its own folder under the names of several libraries, or, in
the first two, lie there itself.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from handgrad.errors import ConfigError


def cache_folder() -> Path:
    """Where Handgrad keeps downloads, decoded images and compiled kernels.

    HANDGRAD_CACHE names it, or else the platform's custom: an absolute folder always,
    as a relative one would be another in every folder, a stranger's perhaps.
    """
    named = os.path.expanduser(os.environ.get("HANDGRAD_CACHE", ""))
    if named and not os.path.isabs(named):
        raise ConfigError(
            f"HANDGRAD_CACHE takes an absolute folder, got {named!r}. Write it from "
            f"the root: {os.path.abspath(named)}"
        )
    if named:
        return Path(named)
    if sys.platform == "darwin":
        return home() / "Library" / "Caches" / "handgrad"
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    custom = os.environ.get(variable, "")
    usual = home() if sys.platform == "win32" else home() / ".cache"
    return (Path(custom) if os.path.isabs(custom) else usual) / "handgrad"


def home() -> Path:
    """The user's folder; the root of the file system for a user without one."""
    try:
        found = Path.home()
    except RuntimeError:  # neither HOME nor an entry in the table of users
        return Path(os.path.abspath(os.sep))
    return found if found.is_absolute() else Path(os.path.abspath(os.sep))


def named_roots(data_dir: str | Path | None = None) -> list[Path]:
    """The folders that the user named: --data-dir, then HANDGRAD_DATA."""
    named = [str(data_dir)] if data_dir is not None else []
    if os.environ.get("HANDGRAD_DATA"):
        named.append(os.environ["HANDGRAD_DATA"])
    return [Path(os.path.expanduser(root)) for root in named]


def folders(data_dir: str | Path | None, names: Sequence[str]) -> Iterator[Path]:
    """Every existing folder in which the files may lie, first to last."""
    usual = [
        Path("data"),
        cache_folder(),
        home() / ".cache",
        home() / ".keras" / "datasets",
        home() / ".mxnet" / "datasets",
    ]
    named = named_roots(data_dir)
    for root in (*named, *usual):
        itself = [root] if root in named else []
        for folder in (*[root / name for name in names], *itself):
            if os.path.isdir(folder):  # no name is too long to ask
                yield folder


def first_existing(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of these files that the folder holds."""
    return next((folder / name for name in names if (folder / name).is_file()), None)
