"""JSON and TOML that anybody may have written: plain values, or one kind of error."""

import json
import tomllib
from pathlib import Path
from typing import Any

from handgrad.errors import ConfigError
from handgrad.paths import check_ordinary

DEEPEST = 32  # tables and lists within each other in TOML; ours need 6
WIDEST = 2**63  # whole numbers of TOML have 64 bits
OF_THE_SHELL = tuple(map(Path, ("/dev/stdin", "/dev/fd", "/proc/self/fd")))
LARGEST = 1 << 26  # bytes of a TOML file


def parse_json(content: bytes | str) -> Any:
    """The values of a JSON text; ValueError for anything else."""
    try:
        return json.loads(content)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text; ValueError for anything else.

    Depth and numbers have limits, so that what was read can be shown in a message and
    written again.
    """
    try:
        tables = tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    check_limits(tables)
    return tables


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; ConfigError names the file.

    A pipe that the shell made, as of `<(command)`, is read as well.
    """
    if path not in OF_THE_SHELL and path.parent not in OF_THE_SHELL:
        check_ordinary(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:  # a device, perhaps, that never ends
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        return parse_toml(content.decode())
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}. "
            "Give a file that is there."
        ) from error
    except ValueError as error:
        raise ConfigError(f"{path} is not TOML: {error}. Mend that place.") from error


def check_limits(values: Any) -> None:
    """ValueError for values too deep or too long; level by level, for no depth."""
    level: list[Any] = [values]
    for _ in range(DEEPEST):
        level = [value for holder in level for value in _values(holder)]
    if level:
        raise ValueError(f"it is nested more than {DEEPEST} deep")


def _values(holder: Any) -> list[Any]:
    """What a table or a list holds; nothing for other values."""
    if isinstance(holder, dict):
        return list(holder.values())
    if isinstance(holder, list):
        return holder
    if isinstance(holder, int) and not -WIDEST <= holder < WIDEST:
        raise ValueError("a whole number has more than 64 bits")
    return []
