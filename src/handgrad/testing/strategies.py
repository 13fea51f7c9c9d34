"""Hypothesis strategies, named after the axes and settings that they draw.

They need Hypothesis: `pip install handgrad[testing]`.
"""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from handgrad.arrays import NumpyArray, Pair, Shape
from handgrad.randomness import Key, normal, uniform

LARGEST = 6  # size of an axis: small, for speed and good shrinking


def batches(largest: int = LARGEST) -> SearchStrategy[int]:
    """Batch sizes from 1 up."""
    return st.integers(1, largest)


def features(largest: int = 9) -> SearchStrategy[int]:
    """Numbers of features."""
    return st.integers(1, largest)


def channels(largest: int = 4) -> SearchStrategy[int]:
    """Numbers of channels."""
    return st.integers(1, largest)


def image_sizes(least: int = 1, largest: int = 9) -> SearchStrategy[Pair]:
    """Image sizes (height, width), odd and even."""
    return st.tuples(st.integers(least, largest), st.integers(least, largest))


def kernel_sizes(largest: int = 4) -> SearchStrategy[Pair]:
    """Kernel sizes (height, width)."""
    return st.tuples(st.integers(1, largest), st.integers(1, largest))


def odd_kernel_sizes(largest: int = 5) -> SearchStrategy[int]:
    """Odd kernel sizes."""
    return st.integers(0, (largest - 1) // 2).map(lambda half: 2 * half + 1)


def strides(largest: int = 3) -> SearchStrategy[Pair]:
    """Strides, down and to the right."""
    return st.tuples(st.integers(1, largest), st.integers(1, largest))


def paddings(largest: int = 2) -> SearchStrategy[Pair]:
    """Paddings, vertical and horizontal."""
    return st.tuples(st.integers(0, largest), st.integers(0, largest))


def float_dtypes() -> SearchStrategy[str]:
    """float32, used in training, or float64, used in gradient checks."""
    return st.sampled_from(["float32", "float64"])


def keys() -> SearchStrategy[Key]:
    """Keys with any seed."""
    return st.integers(0, 2**32 - 1).map(lambda seed: Key(seed).child("drawn"))


@st.composite
def arrays(draw: DrawFn, shape: Shape, dtype: str = "float64") -> NumpyArray:
    """Standard normal numbers of this shape.

    They are drawn from a key rather than one by one: far faster, and shrinking single
    entries of an array explains little.
    """
    return normal(draw(keys()), shape).astype(dtype)


@st.composite
def rows(draw: DrawFn, dtype: str = "float64") -> NumpyArray:
    """A batch of feature vectors, (batch, features)."""
    return draw(arrays((draw(batches()), draw(features())), dtype))


@st.composite
def images(draw: DrawFn, /, dtype: str = "float64", **sizes: Any) -> NumpyArray:
    """A batch of images, (batch, channels, height, width)."""
    shape = (draw(batches()), draw(channels()), *draw(image_sizes(**sizes)))
    return draw(arrays(shape, dtype))


@st.composite
def logits_and_targets(
    draw: DrawFn, dtype: str = "float64"
) -> tuple[NumpyArray, NumpyArray]:
    """Logits (batch, classes) and true class numbers (batch,)."""
    batch, classes = draw(batches()), draw(st.integers(2, 10))
    logits = draw(arrays((batch, classes), dtype))
    targets = uniform(draw(keys()), (batch,), 0, classes).astype(np.int64)
    return logits, targets
