"""Search path of data sets.

Only the folder that the user names is searched: --data-dir, or else HANDGRAD_DATA.
Without either, these are searched in order:

    1. ./data, as in torchvision's tutorials
    2. the user's cache folder, which receives downloads
    3. those of other libraries: ~/.cache, ~/.keras/datasets, ~/.mxnet/datasets

In each, a data set may be in a folder of its own, under the names of several libraries;
in a folder that the user names, it may also be at the top.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from handgrad.errors import ConfigError, DatasetError


def cache_folder() -> Path:
    """Return the folder for downloads, decoded images and compiled kernels.

    It is HANDGRAD_CACHE, or else the platform's default. It is always an absolute path:
    a relative one would depend on the current folder, perhaps someone else's.
    """
    named = os.path.expanduser(os.environ.get("HANDGRAD_CACHE", ""))
    if named and not os.path.isabs(named):
        raise ConfigError(
            f"HANDGRAD_CACHE takes an absolute path, got {named!r}. Set it to, for "
            f"example, {os.path.abspath(named)}"
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
    """Return the user's home folder, or the file system's root without one."""
    try:
        found = Path.home()
    except RuntimeError:  # neither HOME nor an entry in the user database
        return Path(os.path.abspath(os.sep))
    return found if found.is_absolute() else Path(os.path.abspath(os.sep))


def named_root(data_dir: str | Path | None = None) -> Path | None:
    """Return the folder that the user named: --data-dir, or else HANDGRAD_DATA."""
    named = data_dir if data_dir is not None else os.environ.get("HANDGRAD_DATA")
    return Path(os.path.expanduser(named)) if named else None


def check_root(data_dir: str | Path | None = None) -> None:
    """Raise DatasetError if the folder that the user named does not exist."""
    root = named_root(data_dir)
    if root is None or os.path.isdir(root):
        return
    named = "data_dir (--data-dir)" if data_dir is not None else "HANDGRAD_DATA"
    wrong = "is not a folder" if os.path.exists(root) else "does not exist"
    raise DatasetError(
        f"{named} names {root}, which {wrong}. Give the folder that holds the data "
        "set, or create one for the download."
    )


def folders(data_dir: str | Path | None, names: Sequence[str]) -> Iterator[Path]:
    """Iterate over the existing folders of the search path."""
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
            if os.path.isdir(folder):  # false for a name that is too long
                yield folder


def existing(folder: Path, name: str) -> Path | None:
    """Find a file in a folder under any usual spelling of its name, packed or not.

    Some programs unpack it as `train-images.idx3-ubyte`, or into a folder of its own
    name; case is ignored. The exact name comes first.
    """
    found = [path for path in entries(folder) if plain_name(path) == plain_name(name)]
    inner = [file for path in found if path.is_dir() for file in entries(path)]
    found += [path for path in inner if plain_name(path) == plain_name(name)]
    files = [path for path in found if path.is_file()]
    return min(files, key=lambda path: _distance(path, name), default=None)


def plain_name(path: str | Path) -> str:
    """Normalize the usual spellings of a file name.

    Example
        plain_name("Train-Images.idx3-ubyte.gz") == "train-images-idx3-ubyte"
    """
    name = Path(path).name.lower().removesuffix(".gz")
    return name.replace(".", "-").replace("_", "-")


def _distance(path: Path, name: str) -> tuple[bool, bool, str]:
    return path.name != name, path.name != f"{name}.gz", str(path)


def entries(folder: Path) -> list[Path]:
    """List a folder, sorted; DatasetError if it cannot be listed."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DatasetError(
            f"{folder} cannot be listed: {error.strerror}. Make it readable."
        ) from error
