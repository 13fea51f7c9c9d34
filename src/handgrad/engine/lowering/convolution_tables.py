"""Tables of the offsets that the convolution kernels read and write, in bytes.

A place is one output pixel; a tap is one kernel position. Padding costs nothing in the
gradient of the inputs: its lists leave out what lies outside.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from handgrad.arrays import NumpyArray, Pair
from handgrad.engine import processor
from handgrad.engine.memory_plan import Tensor
from handgrad.layers import Conv2d

FLOAT = 4
WIDE_BLOCKS = (12, 10, 8, 7, 6, 5, 4)  # outputs at once, with two vectors of examples
NARROW_BLOCKS = (6, 5, 4, 3, 2)  # with one, which is two registers of 8 floats
WIDE_SUMS, NARROW_REGISTERS = 24, 16
Pattern: TypeAlias = tuple[Pair, ...]


@dataclass(frozen=True)
class Convolution:
    """Sizes of one convolution of one tile; `size` includes the padding."""

    in_channels: int
    out_channels: int
    size: Pair  # of the padded input
    kernel: Pair
    stride: Pair
    padding: Pair
    tile: int

    @classmethod
    def of(cls, layer: Conv2d, inputs: Tensor, tile: int) -> "Convolution":
        """Of a layer and its inputs, images with or without their border."""
        _, height, width = inputs.shape
        top, left = (0, 0) if inputs.has_border else layer.padding
        size = (height + 2 * top, width + 2 * left)
        channels = (layer.in_channels, layer.out_channels)
        window = (layer.kernel_size, layer.stride, layer.padding)
        return cls(*channels, size, *window, tile)

    @property
    def taps(self) -> int:
        """Kernel positions."""
        return self.kernel[0] * self.kernel[1]

    @property
    def out_size(self) -> Pair:
        """Height and width of the outputs."""
        high, wide = (
            (size - kernel) // stride + 1
            for size, kernel, stride in zip(
                self.size, self.kernel, self.stride, strict=True
            )
        )
        return high, wide

    @property
    def input_bytes(self) -> int:
        """Bytes of an input channel."""
        return self.size[0] * self.size[1] * self.tile * FLOAT

    @property
    def output_bytes(self) -> int:
        """Bytes of an output channel."""
        return self.out_size[0] * self.out_size[1] * self.tile * FLOAT


def output_block(channels: int) -> int:
    """Outputs that the kernel computes at once: the least waste, then the most.

    With narrow registers, `block` outputs take as long as block + 1 loads.
    """
    if processor.has_wide_registers():
        return min(WIDE_BLOCKS, key=lambda b: (-(-channels // b) * b, -b))
    return min(NARROW_BLOCKS, key=lambda b: (-(-channels // b) * (b + 1), -b))


def vectors_at_once() -> int:
    """Vectors of 16 examples that the registers hold for each output."""
    return 2 if processor.has_wide_registers() else 1


def dots_block(outs: int, taps: int) -> Pair:
    """Outputs and taps whose weight gradients the kernel sums at once."""
    if not processor.has_wide_registers():
        return _narrow_dots_block(outs, taps)
    tap_block = max(t for t in _parts(taps) if t <= 9)
    return max(o for o in _parts(outs) if o * tap_block <= WIDE_SUMS), tap_block


def _narrow_dots_block(outs: int, taps: int) -> Pair:
    """What fits 16 registers with the fewest loads for each product."""
    fits = [
        (o, t)
        for o in _parts(outs)
        for t in _parts(taps)
        if o * t + o + 1 <= NARROW_REGISTERS
    ]
    return min(fits, key=lambda block: (sum(block) / (block[0] * block[1]), block))


def _parts(count: int) -> list[int]:
    """The divisors of a count."""
    return [part for part in range(1, count + 1) if count % part == 0]


def forward_tables(shape: Convolution, block: int) -> tuple[NumpyArray, NumpyArray]:
    """Taps (input offset, weight offset), and places for `taps_entry`."""
    taps = [(at, tap * block * FLOAT) for tap, at in enumerate(_tap_offsets(shape))]
    places = [
        (source, target, 0, len(taps)) for target, source in _place_offsets(shape)
    ]
    return np.array(taps, dtype=np.int64), np.array(places, dtype=np.int64)


def _tap_offsets(shape: Convolution) -> list[int]:
    """The offset of each tap in the inputs."""
    across = shape.tile * FLOAT
    down = shape.size[1] * across
    rows, columns = shape.kernel
    return [r * down + q * across for r in range(rows) for q in range(columns)]


def _place_offsets(shape: Convolution) -> list[Pair]:
    """The offset of each place in the outputs, and of its window in the inputs."""
    (high, wide), (tall, broad) = shape.out_size, shape.stride
    across = shape.tile * FLOAT
    return [
        ((i * wide + j) * across, (i * tall * shape.size[1] + j * broad) * across)
        for i in range(high)
        for j in range(wide)
    ]


def backward_tables(shape: Convolution, block: int) -> tuple[NumpyArray, NumpyArray]:
    """Taps and places of the gradient of the inputs, without their padding.

    Place (i, j) collects every output whose window covers it:
        d_inputs[i, j] = sum over r, q of weight[r, q] * d_outputs[(i + top - r) /
        stride, (j + left - q) / stride], where those are whole and inside
    """
    across, columns = shape.tile * FLOAT, shape.kernel[1]
    high, wide = (
        size - 2 * padding
        for size, padding in zip(shape.size, shape.padding, strict=True)
    )
    taps: list[Pair] = []
    lists: dict[tuple[Pattern, Pattern], Pair] = {}
    places = []
    vertical = [_covering(shape, 0, i) for i in range(high)]
    horizontal = [_covering(shape, 1, j) for j in range(wide)]
    out_wide = shape.out_size[1]
    for i, (row, downs) in enumerate(vertical):
        for j, (column, rights) in enumerate(horizontal):
            if (downs, rights) not in lists:
                some = [
                    (
                        (down * out_wide + right) * across,
                        (r * columns + q) * block * FLOAT,
                    )
                    for r, down in downs
                    for q, right in rights
                ]
                zeros = (0, shape.taps * block * FLOAT)  # where nothing covers it
                lists[downs, rights] = (len(taps), len(some) or 1)
                taps += some or [zeros]
            start = (row * out_wide + column) * across
            places.append((start, (i * wide + j) * across, *lists[downs, rights]))
    return np.array(taps, dtype=np.int64), np.array(places, dtype=np.int64)


def _covering(shape: Convolution, axis: int, place: int) -> tuple[int, Pattern]:
    """The first output along one axis whose window covers the place, and the pattern.

    The pattern is (tap, output) of every such output, counted from the first.
    """
    found = []
    for tap in range(shape.kernel[axis]):
        reach = place + shape.padding[axis] - tap
        output, rest = divmod(reach, shape.stride[axis])
        if rest == 0 and 0 <= output < shape.out_size[axis]:
            found.append((tap, output))
    first = found[0][1] if found else 0
    return first, tuple((tap, output - first) for tap, output in found)


def dots_tables(shape: Convolution) -> tuple[NumpyArray, NumpyArray, int]:
    """Tap offsets, rows (offset in d_outputs, offset in inputs), vectors in a row."""
    rows, run, wide = _place_offsets(shape), shape.tile // 16, shape.out_size[1]
    if shape.stride[1] == 1:  # a whole row of pixels is contiguous in both
        rows, run = rows[::wide], wide * shape.tile // 16
    offsets = np.array(_tap_offsets(shape), dtype=np.int64)
    return offsets, np.array(rows, dtype=np.int64), run


def forward_order(shape: Convolution, block: int) -> NumpyArray:
    """Where packed weights come from: (block, channel, tap, output); -1 is zero."""
    return _by_blocks(numbers(shape), block)


def backward_order(shape: Convolution, block: int) -> NumpyArray:
    """The same for d_inputs: (block, output, tap, channel), and a tap of zeros."""
    transposed = numbers(shape).transpose(1, 0, 2)
    zero_tap = [(0, 0), (0, 0), (0, 1)]
    return _by_blocks(np.pad(transposed, zero_tap, constant_values=-1), block)


def numbers(shape: Convolution) -> NumpyArray:
    """The numbers of the weights: (out_channels, in_channels, taps)."""
    sizes = (shape.out_channels, shape.in_channels, shape.taps)
    return np.arange(np.prod(sizes), dtype=np.int64).reshape(sizes)


def _by_blocks(order: NumpyArray, block: int) -> NumpyArray:
    """(rows, columns, taps) as (block, column, tap, row), with whole blocks of rows."""
    more = [(0, -len(order) % block), (0, 0), (0, 0)]
    padded = np.pad(order, more, constant_values=-1)
    blocked = padded.reshape(-1, block, *order.shape[1:])
    return np.ascontiguousarray(blocked.transpose(0, 2, 3, 1)).reshape(-1)
