"""Tables of a file against what may stand in them; a mistake becomes one sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from handgrad.errors import ConfigError, unknown_name

MOST_TRIALS = 100_000  # of a row or a sweep: at two seconds each, more than two days

Model = TypeVar("Model", bound=BaseModel)


def checked(kind: type[Model], tables: Mapping[str, Any], source: str) -> Model:
    """The tables as that model; ConfigError names the key and the nearest known one."""
    try:
        return kind.model_validate(dict(tables))
    except ValidationError as error:
        raise _in_words(kind, error, source) from error


def check_seeds(seeds: Sequence[int], settings: int, source: str) -> None:
    """ConfigError for a seed that is there twice, and for more trials than are done."""
    seed, times = Counter(seeds).most_common(1)[0]
    if times > 1:
        raise ConfigError(f"{source} has a seed twice: {seed}. Keep one.")
    trials = settings * len(seeds)
    if trials > MOST_TRIALS:
        raise ConfigError(
            f"{source}: {settings:,} settings with {len(seeds):,} seeds each are "
            f"{trials:,} trials; up to {MOST_TRIALS:,} are done. Take fewer of them."
        )


def _in_words(
    kind: type[BaseModel], error: ValidationError, source: str
) -> ConfigError:
    """The first mistake in one sentence."""
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
    wrong = first["msg"].removeprefix("Value error, ")
    got = "" if isinstance(first["input"], dict) else f", got {first['input']!r}"
    return ConfigError(
        f"{source}: {place}: {wrong[:1].lower()}{wrong[1:]}{got}. Change it."
    )


def _keys(kind: Any, tables: list[int | str]) -> list[str]:
    """The names that may stand in a table; lists of tables are looked into."""
    for table in tables:
        if isinstance(table, int):
            continue
        annotation = kind.model_fields[table].annotation
        inner = getattr(annotation, "__args__", (annotation,))
        kind = next(part for part in inner if hasattr(part, "model_fields"))
    return list(kind.model_fields)
