"""Paths that a user gives, before anything is looked for there."""

import os
from pathlib import Path

from handgrad.errors import ConfigError, HandgradError
from handgrad.ranges import shown

NOT_THERE = (FileNotFoundError, NotADirectoryError)


def path_of(
    owner: str, name: str, value: object, error: type[HandgradError] = ConfigError
) -> Path:
    """The path, whether or not there is a file; `error` for what can be no path.

    That is another kind of value, an empty text, a name with a NUL character or one
    that is too long, and a folder that may not be entered.
    """
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or not text.strip():
        raise error(
            f"{owner} takes {name} as a path, got {shown(value)}. Give a text or a "
            'Path, such as "runs/mine".'
        )
    try:
        os.lstat(text)
    except NOT_THERE:
        pass
    except (OSError, ValueError) as reason:
        why = getattr(reason, "strerror", None) or str(reason)
        raise error(
            f"{owner} cannot use {name} {shown(text)}: {why[:1].lower()}"
            f"{why[1:]}. Give another path."
        ) from reason
    return Path(text)


def from_here(path: Path) -> str:
    """The path from the working directory on, if it lies there; as a person says it.

    A name that begins with a dash would be an option: it is said with ./ before it.
    """
    try:
        found = str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):  # the directory is gone, or another one
        return str(path)
    return os.path.join(os.curdir, found) if found.startswith("-") else found


def check_ordinary(
    name: str | Path, error: type[HandgradError] = ConfigError, hint: str = ""
) -> None:
    """`error` for a device or a pipe: to read it would block, or never end."""
    path = Path(os.path.expanduser(name))
    if os.path.exists(path) and not (path.is_file() or path.is_dir()):
        raise error(f"{name} is a device or a pipe. {hint or 'Give a file.'}")


def target_of(path: Path) -> Path:
    """Where a file that a user names is written: what a link leads to.

    ConfigError for a device, a pipe or a folder, which a file would replace.
    """
    target = Path(os.path.realpath(path))
    is_stream = os.path.abspath(path).startswith(("/dev/", "/proc/"))
    if is_stream or (target.exists() and not target.is_file()):
        raise ConfigError(
            f"'{path}' is a device, a pipe or a folder. Give the name of a file."
        )
    return target
