"""Normalization of inputs, saved with the model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite, prod, sqrt

import numpy as np
from jaxtyping import Float32, UInt8

from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError, DatasetError, ShapeError, unknown_name

FULL = 255.0
DTYPES = ("uint8", "float32")
NAMES = ("unit", "half", "standard")
CHUNK = 1 << 20  # numbers converted to float64 at a time
PIECE = 1 << 16  # bytes whose squares sum to less than 2**32
LEAST, MOST = 1e-37, 1e37  # standard deviations by which float32 can divide
LARGEST = float(np.finfo(np.float32).max)

Inputs = UInt8[NumpyArray, "count *shape"] | Float32[NumpyArray, "count *shape"]


@dataclass(frozen=True)
class Normalization:
    """Subtract a mean and divide by a standard deviation, for each channel.

    `mean` and `std` hold one number for each channel. Bytes are scaled to 0 to 1 first,
    so `mean` is between 0 and 1 for them; float32 inputs are not scaled. For vectors
    there is one of each for every feature, or one for all features.

    ConfigError unless there are as many means as standard deviations, all within the
    range of float32, and the deviations above 0.

    Shapes
        inputs   (count, channels, height, width) or (count, features); uint8 or float32
        outputs  the same, float32

    Equations (in float32, one rounding each)
        bytes:    outputs = inputs * scale + shift
                  scale   = 1 / (255 * std)
                  shift   = -mean / std
        float32:  outputs = (inputs - mean) * (1 / std)

    Example
        Normalization(mean=(0.5,), std=(0.5,)).apply(images)  # from -1 to 1
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        sizes = (len(self.mean), len(self.std))
        if sizes[0] != sizes[1] or not sizes[0]:
            raise ConfigError(
                "A normalization takes one mean and one standard deviation for each "
                f"channel, got {sizes[0]} and {sizes[1]}. Give equally many."
            )
        for mean, std in zip(self.mean, self.std, strict=True):
            if not (_is_moderate(mean, std) and LEAST < std < MOST):
                raise ConfigError(
                    f"A normalization takes standard deviations from {LEAST:g} to "
                    f"{MOST:g} and means of at most {LARGEST:.2g} deviations, got "
                    f"mean {mean} and deviation {std}. Use a standard deviation of "
                    "1 for a constant channel."
                )

    @property
    def scale(self) -> NumpyArray:
        """The factor for bytes, (channels,), float32."""
        return (1.0 / (FULL * np.asarray(self.std))).astype(np.float32)

    @property
    def shift(self) -> NumpyArray:
        """The term that is added to scaled bytes, (channels,), float32."""
        shift: NumpyArray = -np.asarray(self.mean) / np.asarray(self.std)
        return shift.astype(np.float32)

    def numbers(self, dtype: str) -> tuple[NumpyArray, NumpyArray]:
        """Return factors and terms, (channels,) each, for inputs of this `dtype`."""
        if dtype == "uint8":
            return self.scale, self.shift
        inverse: NumpyArray = 1.0 / np.asarray(self.std)
        return inverse.astype(np.float32), -np.asarray(self.mean).astype(np.float32)

    def apply(self, inputs: NumpyArray) -> Float32[NumpyArray, "count *shape"]:
        """Normalize images or vectors; ShapeError unless they are uint8 or float32."""
        inputs = np.asarray(inputs)
        if str(inputs.dtype) not in DTYPES:
            raise ShapeError(
                f"A normalization takes bytes (uint8) or float32, got {inputs.dtype}. "
                "Convert them, for example with astype('float32')."
            )
        axes = (-1, *(1,) * (inputs.ndim - 2))
        scale, term = (part.reshape(axes) for part in self.numbers(str(inputs.dtype)))
        outputs: NumpyArray
        if inputs.dtype == np.uint8:
            outputs = inputs.astype(np.float32) * scale + term
        else:
            outputs = (inputs + term) * scale
        return outputs


def _is_moderate(mean: float, std: float) -> bool:
    """Whether float32 can represent mean and mean / std."""
    return isfinite(mean) and abs(mean) <= LARGEST * min(1.0, std)


def unit(channels: int) -> Normalization:
    """Scale bytes to 0 to 1; leave float32 inputs unchanged."""
    return Normalization((0.0,) * channels, (1.0,) * channels)


def half(channels: int) -> Normalization:
    """Map 0 to 1 to -1 to 1: mean 1/2 and standard deviation 1/2."""
    return Normalization((0.5,) * channels, (0.5,) * channels)


def standard(images: Inputs, weights: NumpyArray | None = None) -> Normalization:
    """Standardize to mean 0 and standard deviation 1, for each channel or feature.

    The statistics are those of these inputs, weighted if there are weights, (count,).
    Byte vectors share one mean and one standard deviation: all bytes have the same
    scale, and standardized by itself, a pixel that is nearly always black would become
    huge where it is not.
    """
    measure = _of_bytes if images.dtype == np.uint8 else _of_floats
    means, spreads = measure(images, weights)
    # a constant channel has a standard deviation of 0
    return Normalization(means, tuple(spread or 1.0 for spread in spreads))


Statistics = tuple[tuple[float, ...], tuple[float, ...]]


def _of_bytes(images: NumpyArray, weights: NumpyArray | None) -> Statistics:
    channels = images[:, None] if images.ndim == 2 else images
    found = [
        _mean_and_std(channels[:, place], weights) for place in range(channels.shape[1])
    ]
    means, spreads = zip(*found, strict=True)
    return means, spreads


def _mean_and_std(
    pixels: NumpyArray, weights: NumpyArray | None
) -> tuple[float, float]:
    """Mean and standard deviation of pixels scaled to 0 to 1, from integer sums.

    Integer sums are exact, so constant pixels have a standard deviation of exactly 0.
    """
    total, first, second = (
        _sums(pixels) if weights is None else _weighted_sums(pixels, weights)
    )
    spread = sqrt(total * second - first**2)  # Python's integers do not overflow
    return first / (total * 255), spread / (total * 255)


def _sums(pixels: NumpyArray) -> tuple[int, int, int]:
    """Number of bytes, their sum and the sum of their squares."""
    first = second = 0
    flat = np.ascontiguousarray(pixels).reshape(-1)
    for start in range(0, flat.size, PIECE):
        part = flat[start : start + PIECE]
        first += int(part.sum(dtype=np.uint32))
        second += int(np.square(part, dtype=np.uint16).sum(dtype=np.uint32))
    return flat.size, first, second


def _weighted_sums(pixels: NumpyArray, weights: NumpyArray) -> tuple[float, ...]:
    """The same, weighted by the weight of each byte's example."""
    flat = np.ascontiguousarray(pixels).reshape(len(pixels), -1)
    each = np.repeat(weights, flat.shape[1])
    counts = np.bincount(flat.reshape(-1), each, minlength=256)
    levels = np.arange(256)
    return tuple((counts @ levels**power).item() for power in range(3))


def _of_floats(inputs: NumpyArray, weights: NumpyArray | None) -> Statistics:
    """Mean and standard deviation in float64, in two passes over the data.

    Values are taken relative to the first of each channel, so that a constant channel
    has a standard deviation of exactly 0.
    """
    shape = (1, -1, *(1,) * (inputs.ndim - 2))
    first = inputs[0].reshape(inputs.shape[1], -1)
    origin = first[:, 0].astype(np.float64)
    start = origin.reshape(shape)
    mean = origin + _means(inputs, weights, lambda part: part - start)
    around = mean.reshape(shape)
    std = np.sqrt(_means(inputs, weights, lambda part: (part - around) ** 2))
    _check_spread(std, "channel" if inputs.ndim > 2 else "column")
    return tuple(mean.tolist()), tuple(std.tolist())


def _check_spread(std: NumpyArray, what: str) -> None:
    """Raise DatasetError for standard deviations by which float32 cannot divide."""
    wrong = np.flatnonzero((std > 0) & ~((std > LEAST) & (std < MOST)))
    if len(wrong):
        place = int(wrong[0])
        raise DatasetError(
            f"The values of {what} {place} have a standard deviation of "
            f"{std[place]:.3g}, but float32 can divide by {LEAST:g} to {MOST:g}. "
            f"Multiply the {what} by a constant, or remove it."
        )


def _means(
    inputs: NumpyArray,
    weights: NumpyArray | None,
    function: Callable[[NumpyArray], NumpyArray],
) -> NumpyArray:
    """Mean of a function of the inputs for each channel, weighted if asked."""
    axes = (0, *range(2, inputs.ndim))
    count = float(len(inputs) if weights is None else weights.sum(dtype=np.float64))
    total = np.zeros(inputs.shape[1])
    for part, rows in _chunks(inputs):
        values = function(part)
        if weights is not None:
            axis = (-1, *(1,) * (inputs.ndim - 1))
            values = values * weights[rows].astype(np.float64).reshape(axis)
        total += values.sum(axis=axes)
    found: NumpyArray = total / (count * prod(inputs.shape[2:]))
    return found


def _chunks(inputs: NumpyArray) -> Iterator[tuple[NumpyArray, slice]]:
    """Iterate over blocks of examples in float64, with their rows."""
    step = max(1, CHUNK // max(1, prod(inputs.shape[1:])))
    for start in range(0, len(inputs), step):
        rows = slice(start, start + step)
        yield inputs[rows].astype(np.float64), rows


def normalization(
    name: str, images: Inputs, weights: NumpyArray | None = None
) -> Normalization:
    """Return the normalization of this name for these training inputs.

    `name` is "unit" (bytes scaled to 0 to 1, float32 unchanged), "half" (mean and
    standard deviation 1/2) or "standard" (mean and standard deviation of the inputs,
    for each channel or feature; byte vectors share one of each). ConfigError for
    another name.

    Shapes
        images   (count, channels, height, width) or (count, features); uint8 or float32
        weights  (count,): sample weights for "standard"; or None

    Example
        normalization("standard", digits.train.images).apply(digits.test.images)
    """
    if not isinstance(name, str) or name not in NAMES:
        raise unknown_name("normalization", name, NAMES)
    if name == "standard":
        return standard(images, weights)
    channels = images.shape[1] if images.ndim > 2 else 1
    return unit(channels) if name == "unit" else half(channels)
