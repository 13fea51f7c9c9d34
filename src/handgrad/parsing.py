"""Safe parsing of untrusted JSON and TOML: plain values, or one kind of error."""

import json
import tomllib
from pathlib import Path
from typing import Any

from handgrad.errors import ConfigError
from handgrad.paths import check_ordinary

DEEPEST = 32  # maximum nesting in TOML; our own files need 6
WIDEST = 2**63  # TOML integers have 64 bits
SHELL_PIPES = tuple(map(Path, ("/dev/stdin", "/dev/fd", "/proc/self/fd")))
LARGEST = 1 << 26  # maximum bytes of a TOML file


def parse_json(content: bytes | str) -> Any:
    """Parse JSON; ValueError if it is invalid."""
    try:
        return json.loads(content)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML; ValueError if it is invalid.

    Depth and integers are limited, so that the values can be shown in a message and
    written back.
    """
    try:
        tables = tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    check_limits(tables)
    return tables


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; ConfigError with its path if it is invalid or sets nothing.

    A pipe made by the shell, as in `<(command)`, is read as well.
    """
    if path not in SHELL_PIPES and path.parent not in SHELL_PIPES:
        check_ordinary(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:  # perhaps an endless stream
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        tables = parse_toml(content.decode("utf-8-sig"))  # editors add a mark
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}. Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not encoded in UTF-8, which TOML requires. Save it as UTF-8."
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}. Fix the syntax there."
        ) from error
    if not any(value != {} for value in tables.values()):
        raise ConfigError(
            f"{path} sets nothing. Write at least one setting into it, or restore it "
            "from a backup."
        )
    return tables


def check_limits(values: Any) -> None:
    """ValueError for values that are nested too deeply or too large; not recursive."""
    level: list[Any] = [values]
    for _ in range(DEEPEST):
        level = [value for holder in level for value in _values(holder)]
    if level:
        raise ValueError(f"it is nested more than {DEEPEST} levels deep")


def _values(holder: Any) -> list[Any]:
    """The values in a table or a list; none for other values."""
    if isinstance(holder, dict):
        return list(holder.values())
    if isinstance(holder, list):
        return holder
    if isinstance(holder, int) and not -WIDEST <= holder < WIDEST:
        raise ValueError("an integer has more than 64 bits")
    return []
