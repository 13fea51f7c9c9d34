"""Which pixels each window of Winograd's algorithm reads and writes, in bytes.

Outputs are divided into squares of 4 x 4, each computed from a window of 6 x 6 inputs.
What lies outside an image is masked: read as zero, never written.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from handgrad.arrays import NumpyArray, Pair
from handgrad.engine.kernels.winograd_transforms import (
    ALL,
    MASK_BYTES,
    NONE,
    OUTPUTS,
    POINTS,
)
from handgrad.engine.memory_plan import FLOAT_BYTES

Strides: TypeAlias = tuple[int, int, int]  # channel, row, column; in bytes


@dataclass
class Places:
    """Source and target offsets and masks of each window, and the masks themselves."""

    rows: list[tuple[int, int, int, int]] = field(default_factory=list)
    masks: list[int] = field(default_factory=lambda: [ALL] * POINTS * POINTS)
    _known: dict[tuple[int, ...], int] = field(default_factory=dict)

    def mask(self, bits: tuple[int, ...]) -> int:
        """The offset of these masks; the first of the table mask nothing."""
        if bits not in self._known:
            self._known[bits] = len(self.masks) * MASK_BYTES
            self.masks += bits
        return self._known[bits]

    def arrays(self) -> tuple[NumpyArray, NumpyArray]:
        """The places (int64) and the masks (int16) as arrays."""
        return np.array(self.rows, np.int64), np.array(self.masks, np.int16)


@dataclass(frozen=True)
class Windows:
    """The windows of one convolution with padding and stride 1 over one tile."""

    size: Pair  # of the inputs, without their padding
    out_size: Pair
    padding: Pair
    tile: int

    @property
    def across(self) -> int:
        """Windows side by side."""
        return -(-self.out_size[1] // OUTPUTS)

    @property
    def count(self) -> int:
        """Windows of an image."""
        return -(-self.out_size[0] // OUTPUTS) * self.across

    @property
    def pixel_bytes(self) -> int:
        """Bytes of a pixel of one channel."""
        return self.tile * FLOAT_BYTES

    def strides(self, size: Pair) -> Strides:
        """Strides of images of this size."""
        pixel = self.pixel_bytes
        return size[0] * size[1] * pixel, size[1] * pixel, pixel

    def inputs(self, panel_bytes: int) -> Places:
        """From windows of the inputs to panels."""
        places = Places()
        for window, (top, left) in enumerate(self._corners()):
            corner = (top - self.padding[0], left - self.padding[1])
            mask = places.mask(_inside(corner, POINTS, self.size))
            source = self._offset(corner, self.size)
            places.rows.append((source, window * panel_bytes, mask, 0))
        return places

    def outputs(self, panel_bytes: int) -> Places:
        """From panels to squares of the outputs."""
        places = Places()
        for window, corner in enumerate(self._corners()):
            mask = places.mask(_inside(corner, OUTPUTS, self.out_size))
            target = self._offset(corner, self.out_size)
            places.rows.append((window * panel_bytes, target, 0, mask))
        return places

    def d_outputs(self, panel_bytes: int) -> Places:
        """From squares of the outputs' gradient to panels."""
        rows = self.outputs(panel_bytes)
        places = Places(masks=rows.masks)
        places.rows = [(b, a, mask, 0) for a, b, _, mask in rows.rows]
        return places

    def _corners(self) -> list[Pair]:
        return [
            (window // self.across * OUTPUTS, window % self.across * OUTPUTS)
            for window in range(self.count)
        ]

    def _offset(self, corner: Pair, size: Pair) -> int:
        return (corner[0] * size[1] + corner[1]) * self.pixel_bytes


def _inside(corner: Pair, side: int, size: Pair) -> tuple[int, ...]:
    """A mask for each pixel of a square: whether it lies in the image."""
    return tuple(
        ALL if 0 <= corner[0] + i < size[0] and 0 <= corner[1] + j < size[1] else NONE
        for i in range(side)
        for j in range(side)
    )
