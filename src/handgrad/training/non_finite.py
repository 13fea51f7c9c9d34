"""Which layer made the first NaN or infinity: a second look, when a step has failed."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.arrays import NumpyArray, to_numpy
from handgrad.engine.engine import Batch
from handgrad.errors import NonFiniteError
from handgrad.layers.sequential import Sequential
from handgrad.losses import Loss
from handgrad.randomness import Key

if TYPE_CHECKING:
    from handgrad.training.trainer import Trainer


def non_finite_error(
    trainer: "Trainer", batch: Batch, step: int, *, training: bool = True
) -> NonFiniteError:
    """The error for a step whose loss or gradient is not finite, naming the culprit."""
    engine = trainer.engine
    key = Key(trainer.settings.seed).child("dropout").at(step, batch.examples)
    with np.errstate(all="ignore"):
        place = first_non_finite(
            deepcopy(engine.model),  # a look must not move batch norm's statistics
            trainer.loss,
            engine.normalization.apply(batch.images[batch.rows]),
            batch.targets[batch.rows],
            key if training else None,
        )
    rate = trainer.learning_rate(step)
    when = f"Step {step}" if training else f"Validation after step {step}"
    return NonFiniteError(
        f"{when} gave numbers that are not finite: {place}. The last checkpoint is "
        f"as it was; try a learning rate below {rate:g}, or "
        "clip gradients with --clip-norm 1."
    )


def first_non_finite(
    model: Sequential,
    loss: Loss[Any],
    inputs: NumpyArray,
    targets: NumpyArray,
    key: Key | None = None,
) -> str:
    """Where the first value that is not finite stands, in the order of computation.

    With a key the network trains (and so a backward pass follows), without it predicts.
    """
    places = forward_and_backward(model, loss, inputs, targets, key)
    for name, values in places:
        kind = kind_of(values)
        if kind is not None:
            return f"the first {kind} is in {name}"
    return "the sum of finite numbers is too large"


def forward_and_backward(
    model: Sequential,
    loss: Loss[Any],
    inputs: NumpyArray,
    targets: NumpyArray,
    key: Key | None,
) -> Iterator[tuple[str, Any]]:
    """Every named value of a step, one after another as it is computed."""
    yield "the inputs of the network", inputs
    outputs, caches = inputs, []
    for name, layer in model.layers.items():
        yield from of_layer("{} of {}", name, parameters(layer.parameters()))
        own_key = None if key is None else key.child(name)
        outputs, cache = layer.forward(outputs, training=key is not None, key=own_key)
        yield f"the outputs of {name}", outputs
        caches.append(cache)
    value, loss_cache = loss.forward(outputs, targets)
    yield "the loss", value
    if key is None:
        return
    d_outputs = loss.backward(loss_cache)
    yield "the gradient of the loss", d_outputs
    for (name, layer), cache in zip(
        reversed(model.layers.items()), reversed(caches), strict=True
    ):
        d_outputs, gradients = layer.backward(d_outputs, cache)
        yield from of_layer("the gradient of {} of {}", name, gradients)
        yield f"the gradient of the inputs of {name}", d_outputs


def parameters(named: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of parameters."""
    return {name: parameter.value for name, parameter in named.items()}


def of_layer(
    form: str, layer: str, arrays: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """A layer's arrays with their place in words."""
    for name, array in arrays.items():
        yield form.format(name, layer), array


def kind_of(values: Any) -> str | None:
    """`NaN` or `infinity` if there is any, else None."""
    if isinstance(values, float):
        return None if isfinite(values) else ("NaN" if values != values else "infinity")
    array = to_numpy(values)
    if np.isfinite(array).all():
        return None
    return "NaN" if np.isnan(array).any() else "infinity"
