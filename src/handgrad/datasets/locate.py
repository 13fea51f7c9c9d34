"""Where data sets are looked for.

In the folder that the user names, and nowhere else: --data-dir, or without it the
folder that HANDGRAD_DATA names. Without either, in this order:

    1. ./data, as torchvision's tutorials have it
    2. the user's cache, where downloads go
    3. where other libraries keep theirs: ~/.cache, ~/.keras/datasets, ~/.mxnet/datasets

In each, a data set may have its own folder under the names of several libraries, or, in
a named folder, lie there itself.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from handgrad.errors import ConfigError, DatasetError


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


def named_root(data_dir: str | Path | None = None) -> Path | None:
    """The folder that the user named: --data-dir, or else HANDGRAD_DATA."""
    named = data_dir if data_dir is not None else os.environ.get("HANDGRAD_DATA")
    return Path(os.path.expanduser(named)) if named else None


def check_root(data_dir: str | Path | None = None) -> None:
    """DatasetError if the folder that the user named is not there."""
    root = named_root(data_dir)
    if root is None or os.path.isdir(root):
        return
    named = "data_dir (--data-dir)" if data_dir is not None else "HANDGRAD_DATA"
    wrong = "is not a folder" if os.path.exists(root) else "does not exist"
    raise DatasetError(
        f"{named} names {root}, which {wrong}. Give the folder that holds the data "
        "set, or make one for the download."
    )


def folders(data_dir: str | Path | None, names: Sequence[str]) -> Iterator[Path]:
    """Every existing folder in which the files may lie, first to last."""
    named = named_root(data_dir)
    usual = [
        Path("data"),
        cache_folder(),
        home() / ".cache",
        home() / ".keras" / "datasets",
        home() / ".mxnet" / "datasets",
    ]
    for root in usual if named is None else [named]:
        itself = [] if named is None else [root]
        for folder in (*[root / name for name in names], *itself):
            if os.path.isdir(folder):  # no name is too long to ask
                yield folder


def existing(folder: Path, name: str) -> Path | None:
    """A file of a folder, however its name is spelled: packed or not.

    Programs that unpack write `train-images.idx3-ubyte`, or put the file into a folder
    of its own name; capitals do not matter. The exact name comes first.
    """
    found = [path for path in entries(folder) if plain_name(path) == plain_name(name)]
    inner = [file for path in found if path.is_dir() for file in entries(path)]
    found += [path for path in inner if plain_name(path) == plain_name(name)]
    files = [path for path in found if path.is_file()]
    return min(files, key=lambda path: _distance(path, name), default=None)


def plain_name(path: str | Path) -> str:
    """A file's name with the spellings of several programs made one.

    Example
        plain_name("Train-Images.idx3-ubyte.gz") == "train-images-idx3-ubyte"
    """
    name = Path(path).name.lower().removesuffix(".gz")
    return name.replace(".", "-").replace("_", "-")


def _distance(path: Path, name: str) -> tuple[bool, bool, str]:
    return path.name != name, path.name != f"{name}.gz", str(path)


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted; DatasetError if it cannot be listed."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DatasetError(
            f"{folder} cannot be listed: {error.strerror}. Make it readable."
        ) from error
