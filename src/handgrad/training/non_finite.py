"""Where a number stopped being one: which layer made the first NaN or infinity."""

from math import isfinite
from typing import Any

import numpy as np

from handgrad.arrays import to_numpy
from handgrad.engine.engine import Batch, Engine, StepResult
from handgrad.errors import NonFiniteError
from handgrad.layers import Sequential


def check_finite(engine: Engine, batch: Batch, step: int, result: StepResult) -> None:
    """NonFiniteError if the loss of a step is NaN or infinite."""
    norm = result.gradient_norm
    if isfinite(result.loss) and (norm is None or isfinite(norm)):
        return
    raise NonFiniteError(
        f"Step {step}: the loss is {result.loss:g}. {_where(engine, batch)} The last "
        "checkpoint is kept. Try a smaller learning rate, or clip gradients with "
        "--clip-norm 1."
    )


def _where(engine: Any, batch: Batch) -> str:
    inputs = engine.normalization.apply(batch.images[batch.rows])
    return first_non_finite(engine.model, inputs)


def first_non_finite(model: Sequential, inputs: Any) -> str:
    """A sentence that names the first layer, in order, that is not finite."""
    for name, parameter in model.parameters().items():
        place = _first_place(parameter.value)
        if place is not None:
            return f"{name}{list(place)} is {to_numpy(parameter.value)[place]:g}."
    with np.errstate(all="ignore"):
        outputs = inputs
        for name, layer in model.layers.items():
            outputs, _ = layer.forward(outputs)
            place = _first_place(outputs)
            if place is not None:
                row, *rest = place
                return (
                    f"The outputs of {name} ({layer!r}) are the first that are not "
                    f"finite: {to_numpy(outputs)[place]:g} at {rest} of image {row} of "
                    "the batch."
                )
    return "All outputs of the layers are finite; the loss itself overflowed."


def _first_place(array: Any) -> tuple[int, ...] | None:
    places = np.argwhere(~np.isfinite(to_numpy(array)))
    return tuple(int(index) for index in places[0]) if len(places) else None
