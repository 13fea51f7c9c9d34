"""How much memory a step of the plain engine takes, from steps of a few images.

Every call of a layer takes memory that grows in proportion to the images, besides some
that does not. So the most within each call is measured twice, for a few images and for
twice as many, and a straight line through both says it for any number. Which call takes
the most may depend on the number; therefore each has a line of its own.
"""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from handgrad.arrays import Array, Gradients, NumpyArray, Shape
from handgrad.datasets import Split
from handgrad.engine.engine import Batch
from handgrad.engine.plain import PREDICTION_BATCH, PlainEngine
from handgrad.layers import Layer, Sequential
from handgrad.parameter import Buffer, Parameter
from handgrad.randomness import Key

FEW = 16  # images of the first trial: NumPy saves copies of arrays above 256 KB only


class Peaks:
    """The most bytes between one mark and the next, beyond those at the beginning."""

    def __init__(self) -> None:
        self.found: list[int] = []
        self._before = 0

    def begin(self) -> None:
        """Forget what was found."""
        self.found.clear()
        tracemalloc.reset_peak()
        self._before = tracemalloc.get_traced_memory()[0]

    def mark(self) -> None:
        """Note the most since the last mark."""
        self.found.append(tracemalloc.get_traced_memory()[1] - self._before)
        tracemalloc.reset_peak()


class Watched(Layer[Any]):
    """A layer with a mark before and after each call."""

    def __init__(self, layer: Layer[Any], peaks: Peaks) -> None:
        self.layer, self.peaks = layer, peaks

    def output_shape(self, input_shape: Shape) -> Shape:
        """That of the layer."""
        return self.layer.output_shape(input_shape)

    def forward(
        self, inputs: Array, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, Any]:
        """The layer's own, between two marks."""
        self.peaks.mark()
        result = self.layer.forward(inputs, training=training, key=key)
        self.peaks.mark()
        return result

    def backward(self, d_outputs: Array, cache: Any, /) -> tuple[Array, Gradients]:
        """The layer's own, between two marks."""
        self.peaks.mark()
        result = self.layer.backward(d_outputs, cache)
        self.peaks.mark()
        return result

    def parameters(self) -> dict[str, Parameter]:
        """Those of the layer."""
        return self.layer.parameters()

    def buffers(self) -> dict[str, Buffer]:
        """Those of the layer."""
        return self.layer.buffers()


def step_bytes(engine: PlainEngine, train: Split, examples: int, predicted: int) -> int:
    """The most that a step or a prediction takes besides parameters and states.

    Equations
        most(call, n) = most(call, few) * (1 - t) + most(call, 2 few) * t,
                        t = (n - few) / few
        result        = the largest over all calls of a step of `examples` images, and
                        over the calls forward for the images of one prediction
    """
    few = min(FEW, -(-examples // 2))
    small, large = (trial(engine, train, count) for count in (few, 2 * few))
    forward = 1 + 2 * len(engine.model.layers)  # marks until the loss begins

    def most(count: int, calls: int) -> float:
        far = (count - few) / few
        pairs = zip(small[:calls], large[:calls], strict=True)
        return max(a * (1 - far) + b * far for a, b in pairs)

    whole = most(examples, len(small))
    return round(max(whole, most(min(predicted, PREDICTION_BATCH), forward)))


def trial(engine: PlainEngine, train: Split, count: int) -> list[int]:
    """The most within each call of a step with so many images; all is put back."""
    peaks = Peaks()
    rows = np.arange(count) % len(train)
    batch = Batch(
        train.images, train.targets, rows, rows, weights=_first_weights(train, rows)
    )
    before = engine.state()
    with _watched(engine.model, peaks), _traced():
        engine.train_step(batch, 1)  # from here on every array was made while watched
        peaks.begin()
        engine.train_step(batch, 2)
        peaks.mark()
    engine.restore(before)
    return peaks.found


def _first_weights(train: Split, rows: NumpyArray) -> NumpyArray | None:
    """Weights that a step takes as it takes the split's, whichever are 0 of them."""
    if train.weights is None or train.weights[rows].any():
        return train.weights
    return np.ones_like(train.weights)


@contextmanager
def _watched(model: Sequential, peaks: Peaks) -> Iterator[None]:
    own = model.layers
    model.layers = {name: Watched(layer, peaks) for name, layer in own.items()}
    try:
        yield
    finally:
        model.layers = own


@contextmanager
def _traced() -> Iterator[None]:
    was_tracing = tracemalloc.is_tracing()
    if not was_tracing:
        tracemalloc.start()
    try:
        yield
    finally:
        if not was_tracing:
            tracemalloc.stop()
