"""Find the layer that produced the first NaN or infinity, after a step has failed."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.arrays import NumpyArray, to_numpy
from handgrad.datasets.dataset import Split
from handgrad.engine.engine import Batch
from handgrad.engine.network_layers import frozen_count
from handgrad.errors import NonFiniteError
from handgrad.layers.sequential import Sequential
from handgrad.losses import Loss
from handgrad.losses.loss import forward_loss
from handgrad.randomness import Key

if TYPE_CHECKING:
    from handgrad.training.trainer import Trainer


MOST_IMAGES = 5
BEFORE_UPDATES = (
    "No parameter has been updated yet, so the learning rate is not the cause: check "
    "the initial values, or the layer or loss named there if it is your own."
)
OF_BATCH = (  # values whose first axis counts the images
    "the inputs of",
    "the outputs of",
    "the gradient of the inputs",
    "the gradient of the loss",
)


@dataclass(frozen=True)
class Finding:
    """The first non-finite value: a description, its index, the rows of the batch.

    `ranges` are those of all values up to it, in the order of computation.
    """

    words: str
    index: list[int]
    rows: list[int]
    ranges: list[dict[str, Any]]


def non_finite_error(
    trainer: "Trainer", batch: Batch, step: int, *, training: bool = True
) -> NonFiniteError:
    """The error for a step with a non-finite loss or gradient, naming its origin."""
    engine = trainer.engine
    key = Key(trainer.settings.seed).child("dropout").at(step, batch.examples)
    with np.errstate(all="ignore"):
        found = find_non_finite(
            deepcopy(engine.model),  # must not update batch norm's statistics
            trainer.loss,
            engine.normalization.apply(batch.pictures()),
            batch.labels(engine.check.classes),
            key if training else None,
            batch.example_weights(),
        )
    rate = trainer.learning_rate(step)
    when = f"Step {step}" if training else f"Validation after step {step}"
    images = [int(number) for number in batch.examples]
    bad = [images[row] for row in found.rows]
    updates = trainer.position.step
    message = (
        f"{when} gave numbers that are not finite: {found.words}{_spot(found, bad)}. "
        + (_after_updates(rate) if updates else BEFORE_UPDATES)
    )
    details = {
        "step": step,
        "updates": updates,
        "training": training,
        "learning_rate": rate,
        "place": found.words,
        "index": found.index,
        "images": bad,
        "batch": images,
        "ranges": found.ranges,
    }
    return NonFiniteError(message, details)


def _after_updates(rate: float) -> str:
    return (
        f"Earlier checkpoints are intact; try a learning rate below {rate:g}, or a "
        "maximum gradient norm of 1 (clip_norm)."
    )


def _spot(found: Finding, images: list[int]) -> str:
    """The index in the array and the images concerned, as far as known."""
    at = f", at {found.index}" if found.index else ""
    if not images:
        return at
    some = ", ".join(map(str, images[:MOST_IMAGES]))
    more = f" and {len(images) - MOST_IMAGES} more" if images[MOST_IMAGES:] else ""
    return f"{at}, of image{'s' if images[1:] else ''} {some}{more}"


def find_non_finite(
    model: Sequential,
    loss: Loss[Any],
    inputs: NumpyArray,
    targets: NumpyArray,
    key: Key | None = None,
    weights: NumpyArray | None = None,
) -> Finding:
    """The first non-finite value, in the order of computation.

    With a key the network is in training mode and a backward pass follows; without it
    only a prediction runs.
    """
    ranges: list[dict[str, Any]] = []
    for name, values in forward_and_backward(
        model, loss, inputs, targets, key, weights
    ):
        ranges.append(range_of(name, values))
        kind = kind_of(values)
        if kind is not None:
            wrong = np.argwhere(~np.isfinite(to_numpy(values)))
            is_batch = name.startswith(OF_BATCH)
            return Finding(
                f"the first {kind} is in {name}",
                wrong[0].tolist(),
                np.unique(wrong[:, 0]).tolist() if is_batch else [],
                ranges,
            )
    return Finding("the sum of finite numbers is too large", [], [], ranges)


def range_of(name: str, values: Any) -> dict[str, Any]:
    """The range of the finite values of an array; None if there are none."""
    array = np.asarray(to_numpy(values), dtype=np.float64)
    finite = array[np.isfinite(array)]
    least, greatest = (
        (float(finite.min()), float(finite.max())) if finite.size else (None, None)
    )
    return {
        "name": name,
        "least": least,
        "greatest": greatest,
        "not_finite": array.size - finite.size,
    }


def forward_and_backward(
    model: Sequential,
    loss: Loss[Any],
    inputs: NumpyArray,
    targets: NumpyArray,
    key: Key | None,
    weights: NumpyArray | None = None,
) -> Iterator[tuple[str, Any]]:
    """Yield every named value of a step as it is computed; frozen layers predict."""
    yield "the inputs of the network", inputs
    outputs, caches = inputs, []
    frozen = 0 if key is None else frozen_count(model.layers.values())
    for place, (name, layer) in enumerate(model.layers.items()):
        yield from of_layer("{} of {}", name, parameters(layer.parameters()))
        own_key = None if key is None or place < frozen else key.child(name)
        training = own_key is not None
        outputs, cache = layer.forward(outputs, training=training, key=own_key)
        yield f"the outputs of {name}", outputs
        caches.append(cache)
    value, loss_cache = forward_loss(loss, outputs, targets, weights)
    yield "the loss", value
    if key is None:
        return
    d_outputs = loss.backward(loss_cache)
    yield "the gradient of the loss", d_outputs
    trained = list(zip(model.layers.items(), caches, strict=True))[frozen:]
    for (name, layer), cache in reversed(trained):
        d_outputs, gradients = layer.backward(d_outputs, cache)
        yield from of_layer("the gradient of {} of {}", name, gradients)
        yield f"the gradient of the inputs of {name}", d_outputs


def parameters(named: Mapping[str, Any]) -> dict[str, Any]:
    """The value arrays of parameters."""
    return {name: parameter.value for name, parameter in named.items()}


def of_layer(
    form: str, layer: str, arrays: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield a layer's arrays with a description of each."""
    for name, array in arrays.items():
        yield form.format(name, layer), array


def kind_of(values: Any) -> str | None:
    """Return `NaN` or `infinity` if there is any, else None."""
    if isinstance(values, float):
        return None if isfinite(values) else ("NaN" if values != values else "infinity")
    array = to_numpy(values)
    if np.isfinite(array).all():
        return None
    return "NaN" if np.isnan(array).any() else "infinity"


def first_bad(trainer: "Trainer", split: Split) -> Batch:
    """One image with non-finite logits, else that with the widest range of logits."""
    logits = trainer.logits(split.images)
    bad = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    rows = bad[:1] if len(bad) else np.argmax(np.ptp(logits, axis=1), keepdims=True)
    return Batch(split.images, split.targets, rows, rows, weights=split.weights)
