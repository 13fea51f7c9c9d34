"""The search space of a sweep: parameters with a list of choices or a range."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, floor, isfinite, log
from typing import Any

from handgrad.errors import ConfigError, unknown_name
from handgrad.ranges import LARGEST
from handgrad.studies.experiment import TABLES
from handgrad.studies.value_words import in_words

Values = dict[str, Any]  # dotted key of the configuration -> value
MOST_POINTS = 1_000  # values of a list, or of a range in a grid
RANGE_KEYS = ("low", "high", "log", "integer", "count")


@dataclass(frozen=True)
class Choice:
    """A hyperparameter with a list of values of any kind.

    `name` is the dotted key of the configuration, such as "model.activation"; `values`
    are the values to try.
    """

    name: str
    values: tuple[Any, ...]

    def at(self, share: float) -> Any:
        """The value at a relative position `share`, from 0 to below 1."""
        return self.values[floor(share * len(self.values))]

    def points(self) -> tuple[Any, ...]:
        """Every value, for a grid."""
        return self.values

    def share_of(self, value: Any) -> float:
        """The relative position of a `value`, from 0 (the first) to 1 (the last)."""
        return self.values.index(value) / max(1, len(self.values) - 1)


@dataclass(frozen=True)
class Range:
    """A numeric hyperparameter: all numbers from `low` to `high`, both included.

    `name` is the dotted key of the configuration; `log` samples uniformly in the
    logarithm, `integer` only integers; `count` is the number of points of a grid.
    """

    name: str
    low: float
    high: float
    log: bool = False
    integer: bool = False
    count: int | None = None

    def at(self, share: float) -> float:
        """The value at a relative position `share`, from 0 to below 1."""
        low, high = self.low, self.high
        if self.integer:  # each integer has an equal part of the (log) range
            return min(floor(self._between(low, high + 1, share)), int(high))
        return self.rounded(self._between(low, high, share))

    def points(self) -> tuple[float, ...]:
        """The `count` points of a grid, evenly spaced; ConfigError without a count."""
        if self.count is None:
            raise ConfigError(
                f"A grid takes {self.name} as a list of values, or as a range with a "
                "number of points. Add it, for example count = 5."
            )
        shares = [i / max(1, self.count - 1) for i in range(self.count)]
        inner = [self._between(self.low, self.high, share) for share in shares]
        made = [round(v) if self.integer else self.rounded(v) for v in inner]
        return tuple({in_words(value): value for value in made}.values())

    def rounded(self, value: float) -> float:
        """Round a `value` to four significant digits, but not out of the range."""
        return float(min(max(as_written(value), self.low), self.high))

    def share_of(self, value: float) -> float:
        """The relative position of a `value`, from 0 to 1."""
        if self.log:
            low, high = log(self.low), log(self.high)
            return (log(value) - low) / (high - low)
        return (value - self.low) / (self.high - self.low)

    def _between(self, low: float, high: float, share: float) -> float:
        if self.log:
            return exp(log(low) + share * (log(high) - log(low)))
        return low + share * (high - low)


Parameter = Choice | Range


@dataclass(frozen=True)
class Setting:
    """One point of the search space.

    `values` maps dotted keys of the configuration to values; `name` describes them.
    """

    name: str
    values: Values


def as_written(value: float) -> float:
    """Round a number to four significant digits."""
    return float(f"{value:.4g}")


def setting_of(space: Iterable[Parameter], values: Values) -> Setting:
    """Make a setting; its name has the last part of each key, and its value.

    Example
        "learning_rate=0.03, activation=relu"
    """
    labels = short_names(parameter.name for parameter in space)
    words = [f"{labels[key]}={in_words(value)}" for key, value in values.items()]
    return Setting(", ".join(words), values)


def short_names(keys: Iterable[str]) -> dict[str, str]:
    """The last part of each key, or the full key if that is ambiguous."""
    all_keys = list(keys)
    ends = [key.rpartition(".")[2] for key in all_keys]
    return {
        key: end if ends.count(end) == 1 else key
        for key, end in zip(all_keys, ends, strict=True)
    }


def read_space(tables: Mapping[str, Any], source: str) -> tuple[Parameter, ...]:
    """Read the parameters of a file; ConfigError for an invalid one."""
    if not tables:
        raise ConfigError(
            f"{source}: [sweep.parameters] is empty. Add a parameter, for example "
            '"optimizer.learning_rate" = { low = 0.001, high = 0.3, log = true }.'
        )
    return tuple(_parameter(name, what, source) for name, what in tables.items())


def _parameter(name: str, what: Any, source: str) -> Parameter:
    table, dot, option = name.partition(".")
    if not dot or not option:
        raise ConfigError(
            f"{source}: a parameter is named by table and key, got {name!r}. "
            'For example: "optimizer.learning_rate", in quotation marks.'
        )
    if table not in TABLES:
        raise ConfigError(f"{source}: {unknown_name('table', table, TABLES)}")
    if isinstance(what, list):
        return _choice(name, what, source)
    if isinstance(what, dict):
        return _range(name, what, source)
    raise ConfigError(
        f"{source}: {name} takes a list of values or a range such as "
        f"{{ low = 0.001, high = 0.3 }}, got {what!r}. For a single value, put it into "
        f"[{table}]."
    )


def _choice(name: str, values: list[Any], source: str) -> Choice:
    if not values:
        raise ConfigError(
            f"{source}: {name} has an empty list. Add values, or remove it."
        )
    if len(values) > MOST_POINTS:
        raise ConfigError(
            f"{source}: {name} has {len(values):,} values; at most {MOST_POINTS:,} are "
            "allowed. Remove values, or give a range with low and high."
        )
    word, times = Counter(map(in_words, values)).most_common(1)[0]
    if times > 1:
        raise ConfigError(f"{source}: {name} has {word} twice. Remove one.")
    return Choice(name, tuple(values))


def _range(name: str, what: dict[str, Any], source: str) -> Range:
    for key in what:
        if key not in RANGE_KEYS:
            known = unknown_name(f"key of the range {name}", key, RANGE_KEYS)
            raise ConfigError(f"{source}: {known}")
    made = {"log": False, "integer": False, "count": None, **what}
    wrong = _wrong_in(made)
    if wrong:
        raise ConfigError(f"{source}: the range {name} {wrong}.")
    return Range(name, **made)


def _wrong_in(made: dict[str, Any]) -> str:
    """What is wrong with a range, in words; '' if nothing is."""
    number = (int,) if made["integer"] is True else (int, float)
    for key in ("low", "high"):
        value: Any = made.get(key)
        is_number = isinstance(value, number) and not isinstance(value, bool)
        if not (is_number and isfinite(value)):
            kind = "an integer" if number == (int,) else "a number"
            return f"needs {kind} as {key}, got {value!r}"
        if abs(value) > LARGEST:
            return f"is limited to {LARGEST:.4g}, got {value!r} as {key}"
    for key in ("log", "integer"):
        if not isinstance(made[key], bool):
            return f"takes true or false as {key}, got {made[key]!r}"
    if not made["low"] < made["high"]:
        return f"needs low below high, got {made['low']} and {made['high']}"
    if made["log"] and made["low"] <= 0:
        return f"is logarithmic, so low must be above 0, got {made['low']}"
    count = made["count"]
    if count is not None and (type(count) is not int or not 2 <= count <= MOST_POINTS):
        return f"takes an integer from 2 to {MOST_POINTS} as count, got {count!r}"
    return ""
