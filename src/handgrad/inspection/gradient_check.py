"""Checks of hand-written gradients by finite differences, in float64.

    numeric  = (value(point + eps * direction) - value(point - eps * direction)) / 2 eps
    analytic = sum of gradient * direction

Kinks are detected by the activation pattern: which units are active, which entry of a
window is the maximum, which hinges are active. The caches hold it as signs, integers
and booleans. If the pattern at either end of a step differs from that at the point, the
step may have crossed a kink: it is refused, and another direction drawn.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.inspection.differentiable import Differentiable, Point
from handgrad.options import name_of
from handgrad.randomness import Key, normal, permutation
from handgrad.ranges import check_count, check_positive

EPS = 1e-6
TOLERANCE = 1e-6
DIRECTIONS = 20
TRIES = 10  # directions drawn per direction wanted, before giving up
SMALL_PART = 1e-3  # of the norm of the whole gradient; see `scale_of`
ROUNDING = 1e-12  # smaller magnitudes count as 0 in the pattern


@dataclass(frozen=True)
class Projections:
    """The result of checks along random directions.

    `directions` were measured; `refused` may have crossed a kink and were replaced.
    With fewer directions than `wanted` the check fails. `max_relative_error` is NaN
    without any, and may be at most `tolerance`.
    """

    max_relative_error: float
    directions: int
    refused: int
    wanted: int
    tolerance: float = TOLERANCE

    @property
    def passed(self) -> bool:
        """Whether all directions were measured and agree."""
        return (
            self.directions == self.wanted and self.max_relative_error <= self.tolerance
        )


@dataclass(frozen=True)
class Entry:
    """One entry of one array: its analytic and its numerical gradient.

    `name` is the name of the array, `index` the index of the entry; `analytic` comes
    from the backward pass, `numeric` from the finite difference; `relative_error`
    compares them.
    """

    name: str
    index: tuple[int, ...]
    analytic: float
    numeric: float
    relative_error: float

    def __str__(self) -> str:
        place = ", ".join(map(str, self.index))
        return (
            f"{self.name}[{place}]: analytic {self.analytic:.9g}, numeric "
            f"{self.numeric:.9g}, relative error {self.relative_error:.2e}"
        )


@takes_kinds
def by_projection(
    function: Differentiable,
    *,
    key: Key,
    directions: int = DIRECTIONS,
    names: Sequence[str] | None = None,
    eps: float = EPS,
) -> Projections:
    """Check gradients along random directions, in float64.

    `function` is a `LayerValue`, `LossValue` or `NetworkValue`; `names` limits the
    check to some of its arrays, at least one. ConfigError for an unknown name, and for
    `directions` below 1 or an `eps` that is not positive: nothing would be checked.
    Directions are standard normal, drawn from `key`; the error is relative to the norm
    of the gradient. Those that cross a kink are replaced; the error is NaN if none is
    left, as for inputs of exactly 0 (black pixels): check `names` without them.

    Equations
        numeric        = (value(point + eps * direction)
                         - value(point - eps * direction)) / (2 * eps)
        analytic       = sum of gradient * direction
        relative error = |analytic - numeric| / max(norm of the gradient, |numeric|)

    Units
        directions  number of directions
        eps         step size along the direction

    Source
        Griewank, Walther (2008), Evaluating derivatives, section 3.1.
    """
    check_count("by_projection", "directions", directions)
    check_positive("by_projection", "eps", eps)
    gradients = function.gradients()
    names = _chosen(function, names)
    pattern = pattern_of(function.evaluate(function.point)[1])
    scale = scale_of(gradients, names)
    worst, measured, drawn = 0.0, 0, 0
    while measured < directions and drawn < TRIES * directions:
        direction = draw_direction(function.point, names, key.at(drawn))
        drawn += 1
        numeric = slope(function, direction, pattern, eps)
        if numeric is None:
            continue
        analytic = sum(np.vdot(gradients[name], direction[name]) for name in names)
        worst = larger(worst, relative_error(float(analytic), numeric, scale))
        measured += 1
    error = worst if measured else nan
    return Projections(error, measured, drawn - measured, directions)


def _chosen(function: Differentiable, names: Sequence[str] | None) -> list[str]:
    """The names of the arrays to check: those given, or all."""
    if names is None:
        return list(function.point)
    return [name_of("array", function.point, name) for name in names]


@takes_kinds
def by_entry(
    function: Differentiable,
    *,
    key: Key,
    entries: int | None = None,
    eps: float = EPS,
) -> Entry:
    """Check gradients entry by entry; return the worst entry, which locates an error.

    `function` is a `LayerValue`, `LossValue` or `NetworkValue`. `entries` limits the
    number of entries per array, drawn from `key`; by default all are checked. The error
    is NaN if every step may cross a kink. ConfigError for invalid `entries` or `eps`.

    Equations
        relative error = |analytic - numeric|
                         / max(root mean square of the array's gradient, |numeric|)

    Units
        eps  step size of the central difference

    Source
        Goodfellow, Bengio, Courville (2016), Deep Learning, section 11.5.
    """
    if entries is not None:
        check_count("by_entry", "entries", entries)
    check_positive("by_entry", "eps", eps)
    gradients = function.gradients()
    pattern = pattern_of(function.evaluate(function.point)[1])
    finite = {n: np.where(np.isfinite(g), g, 0.0) for n, g in gradients.items()}
    found = []
    for name, index in places(function.point, entries, key):
        numeric = slope(function, unit(function.point, name, index), pattern, eps)
        if numeric is None:
            continue
        analytic = float(gradients[name][index])
        scale = scale_of(finite, [name]) / np.sqrt(gradients[name].size)
        error = relative_error(analytic, numeric, float(scale))
        found.append(Entry(name, index, analytic, numeric, error))
    return max(
        found,
        key=lambda entry: (isnan(entry.relative_error), entry.relative_error),
        default=Entry("", (), nan, nan, nan),
    )


def by_array(function: Differentiable, *, eps: float = EPS) -> dict[str, float]:
    """Check every entry of every array; return the maximum error per array name.

    Entries whose step may cross a kink are skipped; NaN for an array with none left.

    Equations
        error = max |analytic - numeric| / max(|analytic| + |numeric|)
    """
    gradients = function.gradients()
    pattern = pattern_of(function.evaluate(function.point)[1])
    errors = {}
    for name, array in function.point.items():
        numeric = np.full(array.shape, np.nan)
        for index in np.ndindex(*array.shape):
            moved = slope(function, unit(function.point, name, index), pattern, eps)
            numeric[index] = np.nan if moved is None else moved
        is_there = ~np.isnan(numeric)
        errors[name] = largest_error(gradients[name][is_there], numeric[is_there])
    return errors


def largest_error(found: NumpyArray, right: NumpyArray) -> float:
    """Return max |found - right| / max(|found| + |right|); NaN for empty arrays."""
    if found.size == 0:
        return float("nan")
    size = float(np.max(np.abs(found) + np.abs(right)))
    return float(np.max(np.abs(found - right))) / size if size else 0.0


def pattern_of(cache: Any) -> list[NumpyArray]:
    """The discrete values in a cache: signs, integers and booleans."""
    if isinstance(cache, np.ndarray):
        if cache.dtype.kind != "f":
            return [cache]
        return [np.sign(np.where(np.abs(cache) > ROUNDING, cache, 0))]
    if isinstance(cache, Mapping):
        cache = list(cache.values())
    if isinstance(cache, list | tuple):
        return [array for part in cache for array in pattern_of(part)]
    return []


def slope(
    function: Differentiable,
    direction: Point,
    pattern: list[NumpyArray],
    eps: float = EPS,
    kinks: Callable[[Any], list[NumpyArray]] = pattern_of,
) -> float | None:
    """The central difference along a direction; None if it may cross a kink.

    `pattern` is what `kinks` finds in the caches at the point itself.
    """
    values = []
    for step in (eps, -eps):
        moved = {
            name: value + step * direction[name] if name in direction else value
            for name, value in function.point.items()
        }
        value, cache = function.evaluate(moved)
        if not same_pattern(pattern, kinks(cache)):
            return None
        values.append(value)
    return (values[0] - values[1]) / (2 * eps)


def same_pattern(left: list[NumpyArray], right: list[NumpyArray]) -> bool:
    """Whether no unit and no maximum changed."""
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def scale_of(gradients: Point, names: Sequence[str]) -> float:
    """The norm of some arrays' gradients, at least a small fraction of the total norm.

    Only that gives a scale to a bias before batch norm, which has no effect.
    """
    whole = norm(gradients.values())
    part = norm(gradients[name] for name in names)
    return max(part, SMALL_PART * whole)


def norm(arrays: Iterable[NumpyArray]) -> float:
    """The Euclidean norm of all entries of the arrays."""
    return float(np.sqrt(sum(np.vdot(array, array) for array in arrays)))


def relative_error(analytic: float, numeric: float, scale: float) -> float:
    """The difference relative to the scale; 0 if there is no difference."""
    difference = abs(analytic - numeric)
    return difference / max(scale, abs(numeric)) if difference != 0 else 0.0


def larger(left: float, right: float) -> float:
    """The maximum, propagating NaN, which must not count as agreement."""
    return float(np.maximum(left, right))


def draw_direction(point: Point, names: Sequence[str], key: Key) -> Point:
    """A standard normal direction in the named arrays."""
    return {name: normal(key.child(name), point[name].shape) for name in names}


def unit(point: Point, name: str, index: tuple[int, ...]) -> Point:
    """The unit direction of one entry."""
    direction = np.zeros_like(point[name])
    direction[index] = 1.0
    return {name: direction}


def places(
    point: Point, entries: int | None, key: Key
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The entries to check: all, or a random sample of `entries` per array."""
    for name, array in point.items():
        for flat in permutation(key.child(name), array.size)[:entries]:
            index = np.unravel_index(flat, array.shape)
            yield name, tuple(int(i) for i in index)
