"""Rows that are computed without training: a closed list of functions.

Each takes the options of the table [inspection] and a seed, and returns named numbers.
"""

from collections.abc import Callable, Mapping
from typing import Any

from handgrad import catalog
from handgrad.options import call

Inspection = Callable[..., Mapping[str, float]]

FLOAT32_BYTES = 4


def parameters(
    *,
    model: Mapping[str, Any],
    input_shape: tuple[int, int, int] = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> dict[str, float]:
    """How many numbers a network trains, and how many bytes they take as float32."""
    options = dict(model)
    network = catalog.build(
        "model",
        options.pop("name", ""),
        options,
        input_shape=tuple(input_shape),
        classes=classes,
        seed=seed,
    )
    count = sum(p.value.size for p in network.parameters().values())
    return {"parameters": count, "parameter_bytes": count * FLOAT32_BYTES}


INSPECTIONS: dict[str, Inspection] = {"parameters": parameters}


def inspect(name: str, options: Mapping[str, Any], seed: int) -> dict[str, float]:
    """Compute one, its options checked."""
    measured = call(name, INSPECTIONS[name], options, seed=seed)
    return {key: float(value) for key, value in measured.items()}
