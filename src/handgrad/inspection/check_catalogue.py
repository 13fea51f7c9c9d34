"""Gradient checks of every layer, loss and network, for `handgrad check`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf, isnan
from time import perf_counter
from typing import Any

from handgrad.inspection.check_cases import (
    LAYER_CASES,
    LOSS_CASES,
    Draw,
    LayerCase,
    LossCase,
    NetworkCase,
)
from handgrad.inspection.check_networks import NETWORK_CASES
from handgrad.inspection.differentiable import (
    Differentiable,
    LayerValue,
    LossValue,
    NetworkValue,
)
from handgrad.inspection.gradient_check import (
    TOLERANCE,
    Projections,
    by_projection,
)
from handgrad.randomness import Key

# number of shapes, directions per shape
QUICK = {"layer": (10, 4), "loss": (10, 4), "network": (1, 10)}
THOROUGH = {"layer": (50, 20), "loss": (50, 20), "network": (3, 20)}

POINTS = 5  # points to try before reporting that one is at a kink


@dataclass(frozen=True)
class CheckRow:
    """One row of the table of gradient checks.

    Units
        kind                "layer", "loss" or "network"
        name                name in the catalogue
        dtype               dtype of the arrays
        shapes              number of sizes and settings tried
        directions          random directions measured, over all shapes
        max_relative_error  maximum over all directions, as a fraction
        tolerance           largest error that passes, as a fraction
        worst               the layer, loss or batch with the maximum error
        seconds             duration of the check
        passed              whether all directions were measured and agree
    """

    kind: str  # layer, loss or network
    name: str
    dtype: str
    shapes: int
    directions: int
    max_relative_error: float
    tolerance: float
    worst: str
    seconds: float
    passed: bool


def check_catalogue(*, thorough: bool = False, seed: int = 0) -> Iterator[CheckRow]:
    """Check the gradients of the whole catalogue; yield a `CheckRow` for each entry.

    Backward passes are compared with central differences in float64. This takes a
    second or two; with `thorough`, which tries 50 shapes of each layer and loss along
    20 directions each, about 15 seconds. `seed` determines the inputs and directions.

    Example
        all(row.passed for row in check_catalogue())

    Source
        Goodfellow, Bengio, Courville (2016), Deep Learning, section 11.5.
    """
    sizes = THOROUGH if thorough else QUICK
    for kind, cases in CATALOGUE.items():
        for name, case in cases.items():
            key = Key(seed).child("gradient check").child(name)
            yield check_one(kind, name, case, key, *sizes[kind])


def check_one(
    kind: str,
    name: str,
    case: Callable[[Draw], Any],
    key: Key,
    shapes: int,
    directions: int,
) -> CheckRow:
    """Check several cases of one layer, loss or network."""
    start = perf_counter()
    numbers = map(str, range(shapes))
    found = [check_case(case, key.child(number), directions) for number in numbers]
    worst, words = max(found, key=lambda pair: badness(pair[0]))
    return CheckRow(
        kind=kind,
        name=name,
        dtype="float64",
        shapes=shapes,
        directions=sum(result.directions for result, _ in found),
        max_relative_error=worst.max_relative_error,
        tolerance=TOLERANCE,
        worst=" ".join(words.split()),
        seconds=perf_counter() - start,
        passed=all(result.passed for result, _ in found),
    )


def check_case(
    case: Callable[[Draw], Any], key: Key, directions: int
) -> tuple[Projections, str]:
    """Check one case; draw another point if this one is too close to a kink."""
    for point in range(POINTS):
        own_key = key.child(str(point))
        function, words = value_of(case(Draw(own_key)), own_key)
        found = by_projection(function, key=own_key, directions=directions)
        if found.directions == directions:
            break
    return found, words


def badness(result: Projections) -> float:
    """The relative error as a sort key; a NaN counts as infinite."""
    error = result.max_relative_error
    return inf if isnan(error) else error


def value_of(
    case: LayerCase | LossCase | NetworkCase, key: Key
) -> tuple[Differentiable, str]:
    """The function to differentiate, and its description for the table."""
    match case:
        case LayerCase(layer, inputs):
            words = f"{layer!r} on {inputs.shape}"
            return LayerValue(layer, inputs, key=key), words
        case LossCase(loss, logits, targets):
            return LossValue(loss, logits, targets), f"{loss!r} on {logits.shape}"
        case NetworkCase(network, loss, l2, inputs, targets):
            value = NetworkValue(network, loss, inputs, targets, key=key, l2=l2)
            return value, f"{loss!r}, {l2!r} on {inputs.shape}"


CATALOGUE: dict[str, Mapping[str, Callable[[Draw], Any]]] = {
    "layer": LAYER_CASES,
    "loss": LOSS_CASES,
    "network": NETWORK_CASES,
}
