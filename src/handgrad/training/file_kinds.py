"""Which command a TOML file is for: that of a run, a sweep or an experiment."""

from collections.abc import Mapping
from typing import Any

from handgrad.errors import ConfigError

KINDS = {"sweep": "a sweep", "study run": "an experiment", "train": "a run"}


def check_command(command: str, tables: Mapping[str, Any], source: str) -> None:
    """ConfigError if `tables`, read from `source`, are for another command.

    Tables that are a run's alone are not refused: a sweep or experiment that lacks its
    own has a better message.
    """
    found = _command_of(tables)
    if found not in (command, "train"):
        raise ConfigError(
            f"{source} is the file of {KINDS[found]}, not of {KINDS[command]}. Run: "
            f"handgrad {found} {source}"
        )


def _command_of(tables: Mapping[str, Any]) -> str:
    """The command for such a file; an experiment's [sweep] has dotted keys alone."""
    sweep = tables.get("sweep")
    if isinstance(sweep, Mapping) and not ("question" in tables and _dotted(sweep)):
        return "sweep"
    return "study run" if "question" in tables else "train"


def _dotted(sweep: Mapping[str, Any]) -> bool:
    return bool(sweep) and all("." in key for key in sweep)
