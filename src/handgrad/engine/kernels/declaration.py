"""Declarations of kernel arguments: type, access, and the range that is touched.

The range of an array is a number of elements, or a rule: a function of the kernel's
other arguments, by their names. A rule sees a size as an integer, and an array (a table
of offsets) as NumPy's array.

    source: reads(FLOATS, matrix("rows", "columns", "stride")),
    sizes: Sizes("rows columns stride"),

An array of which nothing is touched may be `NOWHERE`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from inspect import signature
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numba import types


@dataclass(frozen=True)
class Span:
    """Elements from `first` up to `end`, of which `count` are touched."""

    first: int
    end: int
    count: int


class Element(NamedTuple):
    """The element type of an array; a kernel takes the array, or its address only."""

    name: str
    is_address: bool = False

    @property
    def dtype(self) -> Any:
        """NumPy's type."""
        return np.dtype(self.name)

    @property
    def type(self) -> Any:
        """The type of a kernel's argument."""
        if self.is_address:
            return types.int64
        return types.Array(getattr(types, self.name), 1, "C")


FLOATS, DOUBLES = Element("float32"), Element("float64")
LONGS, INTEGERS = Element("int64"), Element("int32")
SHORTS, OCTETS = Element("int16"), Element("uint8")


def at(element: Element) -> Element:
    """The same, passed by address."""
    return element._replace(is_address=True)


Factor: TypeAlias = str | int | tuple[str | int, ...]
Rule: TypeAlias = Callable[[Mapping[str, Any]], Any]
Reach: TypeAlias = int | str | Span | Callable[..., int | Span]


@dataclass(frozen=True)
class Array:
    """An array argument."""

    element: Element
    reach: Reach
    use: str

    @property
    def passes(self) -> int:
        """How often each element moves between memory and processor."""
        return {"scratch": 0, "updates": 2}.get(self.use, 1)

    @property
    def type(self) -> Any:
        """Numba's type."""
        return self.element.type

    def span(self, values: Mapping[str, Any]) -> Span:
        """The elements that a call with these arguments touches."""
        found = evaluate(self.reach, values)
        if isinstance(found, Span):
            return found
        return Span(0, int(found), int(found))


@dataclass(frozen=True)
class Integer:
    """An integer argument, and its limits."""

    least: int | None = None
    largest: int | None = None
    type: Any = types.int64

    def allows(self, value: int) -> bool:
        """Whether a value is within the limits."""
        is_high = self.least is None or value >= self.least
        return is_high and (self.largest is None or value <= self.largest)


@dataclass(frozen=True)
class Sizes:
    """Several sizes by their names; the kernel takes one tuple."""

    names: str

    def each(self) -> list[str]:
        """The names, in the order of the tuple."""
        return self.names.split()

    @property
    def type(self) -> Any:
        """Numba's type."""
        return types.UniTuple(types.int64, len(self.each()))


@dataclass(frozen=True)
class Tile:
    """The number of the tile that a task works on, which no caller passes."""

    type: Any = types.int64


@dataclass(frozen=True)
class Library:
    """The address of a library's function, which no caller passes."""

    find: Callable[[], int]
    type: Any = types.int64


Argument: TypeAlias = Array | Integer | Tile | Library
SIZE, FLAG = Integer(0), Integer(0, 1, types.boolean)
TILE = Tile()


def reads(element: Element, reach: Reach) -> Array:
    """An array that a kernel reads."""
    return Array(element, reach, "reads")


def writes(element: Element, reach: Reach) -> Array:
    """An array that a kernel writes."""
    return Array(element, reach, "writes")


def updates(element: Element, reach: Reach) -> Array:
    """An array that a kernel reads and writes."""
    return Array(element, reach, "updates")


def scratch(element: Element, reach: Reach) -> Array:
    """A buffer for one call, which stays in the cache and moves no bytes."""
    return Array(element, reach, "scratch")


def strided(rows: int, columns: int, stride: int) -> Span:
    """Rows of some columns, `stride` elements apart."""
    count = rows * columns
    return Span(0, (rows - 1) * stride + columns if count else 0, count)


def times(*factors: Factor) -> Rule:
    """The product of arguments, by name, and of numbers."""
    return lambda values: value_of(factors, values)


def by(function: Callable[..., int | Span], *factors: Any) -> Rule:
    """A function of arguments (by name), numbers and products of them."""
    return lambda values: function(*(value_of(each, values) for each in factors))


def matrix(rows: Factor, columns: Factor, stride: str, *, item: int = 1) -> Rule:
    """`strided`, by name; `item` is the unit of the stride: 4 if it counts bytes."""
    return by(lambda r, c, s: strided(r, c, s // item), rows, columns, stride)


def value_of(factor: Any, values: Mapping[str, Any]) -> Any:
    """A number, an argument by its name, or the product of a tuple of them."""
    if isinstance(factor, tuple):
        return prod(value_of(each, values) for each in factor)
    return values[factor] if isinstance(factor, str) else factor


@lru_cache(maxsize=1024)
def _names(rule: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(signature(rule).parameters)


def evaluate(rule: Any, values: Mapping[str, Any]) -> Any:
    """The value of a rule, of a function of named arguments, of a name or a number."""
    if not callable(rule):
        return value_of(rule, values)
    names = _names(rule)
    if names == ("values",):
        return rule(values)
    return rule(**{name: values[name] for name in names})
