"""Estimate the memory of a step of the plain engine from steps with a few images.

The memory of each layer call is a constant plus a part proportional to the number of
images. So the peak of each call is measured twice, for a few images and for twice as
many, and extrapolated linearly to any number. Which call has the highest peak may
depend on the number of images; therefore each call is extrapolated separately.
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

FEW = 16  # images of the first trial: NumPy avoids copies of arrays above 256 KB only


class Peaks:
    """Peak bytes between one mark and the next, beyond those allocated at the start."""

    def __init__(self) -> None:
        self.found: list[int] = []
        self._before = 0

    def reset(self) -> None:
        """Discard earlier results and measure from here."""
        self.found.clear()
        tracemalloc.reset_peak()
        self._before = tracemalloc.get_traced_memory()[0]

    def mark(self) -> None:
        """Record the peak since the last mark."""
        self.found.append(tracemalloc.get_traced_memory()[1] - self._before)
        tracemalloc.reset_peak()


class Watched(Layer[Any]):
    """A layer that sets a mark before and after each call."""

    def __init__(self, layer: Layer[Any], peaks: Peaks) -> None:
        self.layer, self.peaks = layer, peaks

    def output_shape(self, input_shape: Shape) -> Shape:
        """Output shape of the layer."""
        return self.layer.output_shape(input_shape)

    def forward(
        self, inputs: Array, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, Any]:
        """Run the layer's forward pass between two marks."""
        self.peaks.mark()
        result = self.layer.forward(inputs, training=training, key=key)
        self.peaks.mark()
        return result

    def backward(self, d_outputs: Array, cache: Any, /) -> tuple[Array, Gradients]:
        """Run the layer's backward pass between two marks."""
        self.peaks.mark()
        result = self.layer.backward(d_outputs, cache)
        self.peaks.mark()
        return result

    def parameters(self) -> dict[str, Parameter]:
        """Parameters of the layer."""
        return self.layer.parameters()

    def buffers(self) -> dict[str, Buffer]:
        """Buffers of the layer."""
        return self.layer.buffers()


def step_bytes(engine: PlainEngine, train: Split, examples: int, predicted: int) -> int:
    """Peak bytes of a step or a prediction, without parameters and optimizer state.

    Equations
        peak(call, n) = peak(call, few) * (1 - t) + peak(call, 2 few) * t,
                        t = (n - few) / few
        result        = the largest over all calls of a step of `examples` images, and
                        over the forward calls for the images of one prediction
    """
    few = min(FEW, -(-examples // 2))
    small, large = (trial(engine, train, count) for count in (few, 2 * few))
    forward = 1 + 2 * len(engine.model.layers)  # marks before the loss

    def peak(count: int, calls: int) -> float:
        far = (count - few) / few
        pairs = zip(small[:calls], large[:calls], strict=True)
        return max(a * (1 - far) + b * far for a, b in pairs)

    whole = peak(examples, len(small))
    return round(max(whole, peak(min(predicted, PREDICTION_BATCH), forward)))


def trial(engine: PlainEngine, train: Split, count: int) -> list[int]:
    """Peak bytes of each call in a step with `count` images; the state is restored."""
    peaks = Peaks()
    rows = np.arange(count) % len(train)
    batch = Batch(
        train.images, train.targets, rows, rows, weights=_first_weights(train, rows)
    )
    before = engine.state()
    with _watched(engine.model, peaks), _traced():
        engine.train_step(batch, 1)  # from here on tracemalloc has seen every array
        peaks.reset()
        engine.train_step(batch, 2)
        peaks.mark()
    engine.restore(before)
    return peaks.found


def _first_weights(train: Split, rows: NumpyArray) -> NumpyArray | None:
    """The split's weights, or ones if the selected weights are all 0."""
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
