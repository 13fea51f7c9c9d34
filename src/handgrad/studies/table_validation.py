"""Validate the tables of a file; an error becomes one sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from handgrad.errors import ConfigError, unknown_name
from handgrad.ranges import shown

LEAST = {"too_short": "value", "string_too_short": "character"}  # of pydantic's errors
MOST_TRIALS = 100_000  # of a row or a sweep: at two seconds each, more than two days

Model = TypeVar("Model", bound=BaseModel)


def checked(kind: type[Model], tables: Mapping[str, Any], source: str) -> Model:
    """Validate tables as that model; ConfigError names the key and suggests one."""
    try:
        return kind.model_validate(dict(tables))
    except ValidationError as error:
        raise _in_words(kind, error, source) from error


def check_seeds(seeds: Sequence[int], settings: int, source: str) -> None:
    """ConfigError for duplicate seeds, and for too many trials."""
    seed, times = Counter(seeds).most_common(1)[0]
    if times > 1:
        raise ConfigError(f"{source} has a seed twice: {seed}. Keep one.")
    trials = settings * len(seeds)
    if trials > MOST_TRIALS:
        raise ConfigError(
            f"{source}: {settings:,} settings with {len(seeds):,} seeds each are "
            f"{trials:,} trials; the maximum is {MOST_TRIALS:,}. Use fewer of them."
        )


def _in_words(
    kind: type[BaseModel], error: ValidationError, source: str
) -> ConfigError:
    """Report the first error in one sentence."""
    first = error.errors()[0]
    *tables, key = first["loc"] or ("",)
    if first["type"] == "extra_forbidden":
        where = f"[{'.'.join(map(str, tables))}]" if tables else "the top"
        known = _keys(kind, tables)
        return ConfigError(
            f"{source}: {unknown_name(f'key of {where}', str(key), known)}"
        )
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    if first["type"] == "missing":
        return ConfigError(f"{source}: {place} is missing. Add it.")
    if first["type"] in LEAST:
        what, least = LEAST[first["type"]], first["ctx"]["min_length"]
        return ConfigError(
            f"{source}: {place} takes at least {least} {what}{'s' * (least > 1)}, got "
            f"{shown(first['input'])}. {'Give one' if least == 1 else 'Give more'}."
        )
    wrong = first["msg"].removeprefix("Value error, ")
    got = "" if isinstance(first["input"], dict) else f", got {first['input']!r}"
    return ConfigError(f"{source}: {place}: {wrong[:1].lower()}{wrong[1:]}{got}.")


def _keys(kind: Any, tables: list[int | str]) -> list[str]:
    """Return the keys that a table may have, also of tables in a list."""
    for table in tables:
        if isinstance(table, int):
            continue
        annotation = kind.model_fields[table].annotation
        inner = getattr(annotation, "__args__", (annotation,))
        kind = next(part for part in inner if hasattr(part, "model_fields"))
    return list(kind.model_fields)
