"""Values of a configuration as text, for the names of settings and variants."""

from collections.abc import Mapping
from typing import Any


def in_words(value: Any) -> str:
    """Format a value as the command line takes it, so far as that has words for it.

    Example
        in_words([16, 8]) == "16-8"
        in_words([{"name": "random_crop", "padding": 2}]) == "random_crop:padding=2"
        in_words([]) == "none"
    """
    if isinstance(value, list | tuple):
        has_tables = any(isinstance(item, Mapping) for item in value)
        return ("+" if has_tables else "-").join(map(in_words, value)) or "none"
    if isinstance(value, Mapping):
        return _table(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(table: Mapping[str, Any]) -> str:
    """A table: its name if it has one, and its other keys after a colon."""
    rest = {key: value for key, value in table.items() if key != "name"}
    options = ",".join(f"{key}={in_words(value)}" for key, value in rest.items())
    parts = [str(table["name"])] if "name" in table else []
    return ":".join([*parts, *([options] if options else [])]) or "none"
