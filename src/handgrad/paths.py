"""Checks of paths given by a user, before they are opened."""

import os
from pathlib import Path

from handgrad.errors import ConfigError, HandgradError
from handgrad.ranges import shown

NOT_THERE = (FileNotFoundError, NotADirectoryError)


def path_of(
    owner: str, name: str, value: object, error: type[HandgradError] = ConfigError
) -> Path:
    """Convert to a path, whether or not it exists; `error` if it cannot be a path.

    That is a value of another type, an empty string, a name with a NUL character, a
    name that is too long, or a folder without permission to enter.
    """
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or not text.strip():
        raise error(
            f"{owner} takes {name} as a path, got {shown(value)}. Give a string or a "
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
    """The path relative to the working directory if it lies there, for messages.

    A name that starts with a dash is prefixed with ./, or it would be an option.
    """
    try:
        found = str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):  # no working directory, or not below it
        return str(path)
    return os.path.join(os.curdir, found) if found.startswith("-") else found


def check_ordinary(
    name: str | Path, error: type[HandgradError] = ConfigError, hint: str = ""
) -> None:
    """Raise `error` for a device or a pipe: reading it could block or never end."""
    path = Path(os.path.expanduser(name))
    if os.path.exists(path) and not (path.is_file() or path.is_dir()):
        raise error(f"{name} is a device or a pipe. {hint or 'Give a file.'}")


def target_of(path: Path) -> Path:
    """Resolve the path of an output file: the target of a symbolic link.

    ConfigError for a device, a pipe or a folder, which the file would replace.
    """
    target = Path(os.path.realpath(path))
    is_stream = os.path.abspath(path).startswith(("/dev/", "/proc/"))
    if is_stream or (target.exists() and not target.is_file()):
        raise ConfigError(
            f"'{path}' is a device, a pipe or a folder. Give the path of a file."
        )
    return target
