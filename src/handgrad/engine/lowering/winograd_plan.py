"""One passage through a 3 x 3 convolution by Winograd's way, operation by operation."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from handgrad.arrays import Pair
from handgrad.engine import processor
from handgrad.engine.kernels.amx import SIDE
from handgrad.engine.kernels.bfloat16x3 import packed_bytes
from handgrad.engine.kernels.convolution import taps_kernel
from handgrad.engine.kernels.panels import PANEL, PANEL_BYTES
from handgrad.engine.kernels.registers import LANES, VECTOR_BYTES
from handgrad.engine.kernels.winograd import turn_kernel
from handgrad.engine.kernels.winograd_matrices import (
    products_scratch_bytes,
    winograd_products,
)
from handgrad.engine.kernels.winograd_transforms import POINTS, RESULT, WINDOW
from handgrad.engine.lowering import convolution_tables
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.winograd_tiles import Places, Windows
from handgrad.engine.memory import FLOAT_BYTES, Pointer, Tensor

CELLS = POINTS * POINTS  # pairs of points, and products
FIRST_CACHE = 5 << 13  # bytes that stay in a core's first cache beside the weights
Strides: TypeAlias = tuple[int, int, int]
Side: TypeAlias = tuple[Pointer, Strides]


@dataclass(frozen=True)
class Way:
    """One passage through a convolution: from `channels` over windows to `outputs`."""

    name: str
    windows: Windows
    channels: int
    outputs: int

    @property
    def block(self) -> int:
        """Outputs that a product makes at once."""
        return (
            SIDE
            if processor.has_matrix_unit()
            else convolution_tables.output_block(self.outputs)
        )

    @property
    def blocks(self) -> int:
        """How often it does."""
        return -(-self.outputs // self.block)

    @property
    def source_cell(self) -> int:
        """Bytes from point to point of what goes in."""
        return self.windows.count * self.channels * PANEL_BYTES

    @property
    def panel(self) -> int:
        """Bytes from window to window of what comes out."""
        return self.blocks * self.block * PANEL_BYTES

    @property
    def cell(self) -> int:
        """Bytes from point to point of what comes out."""
        return self.windows.count * self.panel

    @property
    def weight_cell(self) -> int:
        """Bytes from point to point of the weights, in whole vectors."""
        size = self.blocks * self.block * self.channels * FLOAT_BYTES
        return -(-size // VECTOR_BYTES) * VECTOR_BYTES

    @property
    def packed_cell(self) -> int:
        """The same of the weights in three parts, for the matrix unit."""
        return self.blocks * packed_bytes(SIDE, self.channels)


def add_points(lowering: Lowering, way: Way, inputs: Tensor, points: Pointer) -> None:
    """Every window of every channel, at the points."""
    windows = way.windows
    panel = way.channels * PANEL_BYTES
    add_turn(
        lowering,
        WINDOW,
        f"{way.name}, windows",
        (inputs.pointer, picture_strides(windows.size, windows.pixel_bytes)),
        (points, (PANEL_BYTES, POINTS * way.source_cell, way.source_cell)),
        windows.inputs(panel),
        way.channels,
    )


def add_products(
    lowering: Lowering, way: Way, points: Pointer, weights: Pointer
) -> Pointer:
    """One matrix product for each pair of points and each window: where they stand."""
    outputs = lowering.scratch("products", CELLS * way.cell, is_large=True)
    if processor.has_matrix_unit():
        _add_products_by_unit(lowering, way, points, weights, outputs)
    else:
        _add_products(lowering, way, points, weights, outputs)
    return outputs


def _add_products(
    lowering: Lowering, way: Way, points: Pointer, weights: Pointer, outputs: Pointer
) -> None:
    memory, windows = lowering.memory, way.windows
    taps = [(0, cell * way.weight_cell) for cell in range(CELLS)]
    source_panel = way.channels * PANEL_BYTES
    vectors = convolution_tables.vectors_at_once()
    width = vectors * VECTOR_BYTES  # of a panel that stays in the first cache
    places = [
        (
            cell * way.source_cell + window * source_panel + along,
            cell * way.cell + window * way.panel + along,
            cell,
            1,
        )
        for cell in range(CELLS)
        for window in range(windows.count)
        for along in range(0, PANEL_BYTES, width)
    ]
    row = way.block * FLOAT_BYTES
    lowering.add(
        taps_kernel(way.block, vectors, has_one_tap=True),
        way.name,
        inputs=points,
        weights=weights,
        bias=memory.shared(f"{way.name} start", "settings", way.blocks * way.block),
        outputs=outputs,
        taps=memory.lookup("taps", np.array(taps, np.int64)),
        places=memory.lookup("places", np.array(places, np.int64)),
        count=len(places),
        channels=way.channels,
        in_stride=PANEL_BYTES,
        weight_stride=row,
        blocks=way.blocks,
        block_stride=way.channels * row,
        out_stride=PANEL_BYTES,
        groups=1,
        together=windows.count if way.channels * width > FIRST_CACHE else 1,
    )


def _add_products_by_unit(
    lowering: Lowering, way: Way, points: Pointer, weights: Pointer, outputs: Pointer
) -> None:
    windows = way.windows.count
    size = products_scratch_bytes(way.channels)
    lowering.add(
        winograd_products,
        way.name,
        points=points,
        weights=weights,
        outputs=outputs,
        parts=lowering.scratch("parts", size),
        cells=CELLS,
        windows=windows,
        channels=way.channels,
        blocks=way.blocks,
    )


def add_outputs(
    lowering: Lowering,
    way: Way,
    products: Pointer,
    outputs: Tensor,
    bias: tuple[Pointer, int],
) -> None:
    """From the points back to pictures."""
    windows = way.windows
    add_turn(
        lowering,
        RESULT,
        f"{way.name}, outputs",
        (products, (PANEL_BYTES, POINTS * way.cell, way.cell)),
        (outputs.pointer, picture_strides(windows.out_size, windows.pixel_bytes)),
        windows.outputs(way.panel),
        way.outputs,
        bias,
    )


def add_turn(
    lowering: Lowering,
    kind: int,
    stands_for: str,
    source: Side,
    target: Side,
    places: Places,
    channels: int,
    start: tuple[Pointer, int] | None = None,
) -> None:
    """Squares of every channel and window, turned to or from the points."""
    memory = lowering.memory
    zero = (memory.shared(f"{stands_for} zero", "settings", 1), 0)
    begin, begin_stride = start or zero
    rows, masks = places.arrays()
    lowering.add(
        turn_kernel(kind),
        stands_for,
        source=source[0],
        target=target[0],
        places=memory.lookup("places", rows),
        masks=memory.lookup("masks", masks),
        start=begin,
        count=len(rows),
        channels=channels,
        vectors=PANEL // LANES,
        source_strides=memory.lookup("strides", np.array(source[1], np.int64)),
        target_strides=memory.lookup("strides", np.array(target[1], np.int64)),
        start_stride=begin_stride,
    )


def picture_strides(size: Pair, pixel: int) -> Strides:
    """Strides of a picture: channel, row, column."""
    return size[0] * size[1] * pixel, size[1] * pixel, pixel
