"""How many numbers a network trains, and how many bytes its training takes."""

from collections.abc import Mapping
from typing import Any

from handgrad import catalog
from handgrad.arrays import Shape
from handgrad.layers import Sequential
from handgrad.studies.inspections.place import Place

FLOAT32_BYTES = 4
GREY, CLASSES = (1, 28, 28), 10


def parameters(
    *, model: Mapping[str, Any], seed: int, place: Place
) -> dict[str, float]:
    """How many numbers a network trains, and how many bytes they take as float32."""
    count = sum(p.value.size for p in build(model, seed).parameters().values())
    return {"parameters": count, "parameter_bytes": count * FLOAT32_BYTES}


def build(model: Mapping[str, Any], seed: int, shape: Shape = GREY) -> Sequential:
    """A network of the catalogue for images of that shape and ten classes."""
    options = dict(model)
    network: Sequential = catalog.build(
        "model",
        options.pop("name", ""),
        options,
        input_shape=shape,
        classes=CLASSES,
        seed=seed,
    )
    return network
