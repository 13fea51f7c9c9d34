"""One pass through a 3 x 3 convolution by Winograd's algorithm, as operations."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from handgrad.engine import processor
from handgrad.engine.kernels.amx import SIDE
from handgrad.engine.kernels.bfloat16x3 import packed_bytes
from handgrad.engine.kernels.convolution import taps_kernel
from handgrad.engine.kernels.panels import PANEL, PANEL_BYTES
from handgrad.engine.kernels.registers import LANES, VECTOR_BYTES
from handgrad.engine.kernels.winograd import transform_kernel
from handgrad.engine.kernels.winograd_matrices import (
    products_scratch_bytes,
    winograd_products,
)
from handgrad.engine.kernels.winograd_transforms import POINTS, RESULT, WINDOW
from handgrad.engine.lowering import convolution_tables
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.winograd_tiles import Places, Strides, Windows
from handgrad.engine.memory_plan import FLOAT_BYTES, Memory, Pointer, Tensor
from handgrad.engine.operation import Operation

CELLS = POINTS * POINTS  # pairs of points, and products
FIRST_CACHE = 5 << 13  # bytes that stay in a core's first cache beside the weights
Side: TypeAlias = tuple[Pointer, Strides]


def goes_by_unit() -> bool:
    """Whether the matrix unit multiplies at the points, where rounding would cost most.

    The transforms back to windows amplify it: numbers rounded to bfloat16 stay out.
    """
    return processor.has_matrix_unit() and not processor.rounds_to_bfloat16()


@dataclass(frozen=True)
class WinogradPlan:
    """Sizes of one pass, in bytes: from `channels` over windows to `outputs`.

    A panel is what one window has at one point, a cell what all windows have there.
    """

    name: str
    windows: Windows
    channels: int
    outputs: int

    @property
    def block(self) -> int:
        """Outputs that a product computes at once."""
        if goes_by_unit():
            return SIDE
        return convolution_tables.output_block(self.outputs)

    @property
    def blocks(self) -> int:
        """Blocks of outputs."""
        return -(-self.outputs // self.block)

    @property
    def source_cell(self) -> int:
        """A cell of the transformed inputs."""
        return self.windows.count * self.channels * PANEL_BYTES

    @property
    def panel(self) -> int:
        """A panel of the products."""
        return self.blocks * self.block * PANEL_BYTES

    @property
    def cell(self) -> int:
        """A cell of the products."""
        return self.windows.count * self.panel

    @property
    def weight_cell(self) -> int:
        """The weights at one point, in whole vectors."""
        size = self.blocks * self.block * self.channels * FLOAT_BYTES
        return -(-size // VECTOR_BYTES) * VECTOR_BYTES

    @property
    def packed_cell(self) -> int:
        """The weights at one point in three parts, for the matrix unit."""
        return self.blocks * packed_bytes(SIDE, self.channels)


def add_convolution(
    lowering: Lowering,
    plan: WinogradPlan,
    sides: tuple[Tensor, Pointer, Tensor],
    bias: tuple[Pointer, int] | None = None,
) -> None:
    """outputs = convolution of the inputs with transformed weights + bias.

    `sides` are inputs, weights and outputs; `bias` is a pointer and a stride in bytes.
    """
    inputs, weights, outputs = sides
    size = CELLS * plan.source_cell
    points = lowering.scratch("points", size, is_large=True)
    add_points(lowering, plan, inputs, points)
    products = lowering.scratch("products", CELLS * plan.cell, is_large=True)
    add_products = _add_amx_products if goes_by_unit() else _add_products
    add_products(lowering, plan, points, weights, products)
    source = (products, point_strides(PANEL_BYTES, plan.cell))
    target = (outputs.pointer, plan.windows.strides(plan.windows.out_size))
    operation = transform(
        lowering.memory,
        RESULT,
        f"{plan.name}, outputs",
        (source, target),
        plan.windows.outputs(plan.panel),
        plan.outputs,
        bias=bias,
    )
    lowering.operations.append(operation)


def add_points(
    lowering: Lowering, plan: WinogradPlan, inputs: Tensor, points: Pointer
) -> None:
    """Transform every window of every channel to the points."""
    source = (inputs.pointer, plan.windows.strides(plan.windows.size))
    target = (points, point_strides(PANEL_BYTES, plan.source_cell))
    places = plan.windows.inputs(plan.channels * PANEL_BYTES)
    name = f"{plan.name}, windows"
    operation = transform(
        lowering.memory, WINDOW, name, (source, target), places, plan.channels
    )
    lowering.operations.append(operation)


def _add_products(
    lowering: Lowering,
    plan: WinogradPlan,
    points: Pointer,
    weights: Pointer,
    outputs: Pointer,
) -> None:
    """One matrix product for each pair of points and each window."""
    memory, windows = lowering.memory, plan.windows
    taps = [(0, cell * plan.weight_cell) for cell in range(CELLS)]
    source_panel = plan.channels * PANEL_BYTES
    vectors = convolution_tables.vectors_at_once()
    width = vectors * VECTOR_BYTES  # of a panel that stays in the first cache
    places = [
        (
            cell * plan.source_cell + window * source_panel + along,
            cell * plan.cell + window * plan.panel + along,
            cell,
            1,
        )
        for cell in range(CELLS)
        for window in range(windows.count)
        for along in range(0, PANEL_BYTES, width)
    ]
    row = plan.block * FLOAT_BYTES
    lowering.add(
        taps_kernel(plan.block, vectors, has_one_tap=True),
        plan.name,
        inputs=points,
        weights=weights,
        bias=memory.shared(f"{plan.name} start", "settings", plan.blocks * plan.block),
        outputs=outputs,
        taps=memory.lookup("taps", np.array(taps, np.int64)),
        places=memory.lookup("places", np.array(places, np.int64)),
        count=len(places),
        channels=plan.channels,
        in_stride=PANEL_BYTES,
        weight_stride=row,
        blocks=plan.blocks,
        block_stride=plan.channels * row,
        out_stride=PANEL_BYTES,
        groups=1,
        together=windows.count if plan.channels * width > FIRST_CACHE else 1,
    )


def _add_amx_products(
    lowering: Lowering,
    plan: WinogradPlan,
    points: Pointer,
    weights: Pointer,
    outputs: Pointer,
) -> None:
    """The same through the matrix unit."""
    lowering.add(
        winograd_products,
        plan.name,
        points=points,
        weights=weights,
        outputs=outputs,
        parts=lowering.scratch("parts", products_scratch_bytes(plan.channels)),
        cells=CELLS,
        windows=plan.windows.count,
        channels=plan.channels,
        blocks=plan.blocks,
    )


def transform(
    memory: Memory,
    kind: int,
    stands_for: str,
    sides: tuple[Side, Side],
    places: Places,
    channels: int,
    *,
    vectors: int = PANEL // LANES,
    bias: tuple[Pointer, int] | None = None,
) -> Operation:
    """Transform the squares of every channel and window to or from the points.

    `sides` are source and target; `bias` is a pointer and a stride in bytes.
    """
    source, target = sides
    zero = (memory.shared(f"{stands_for} zero", "settings", 1), 0)
    start, start_stride = bias or zero
    rows, masks = places.arrays()
    return Operation(
        transform_kernel(kind),
        stands_for,
        source=source[0],
        target=target[0],
        places=memory.lookup("places", rows),
        masks=memory.lookup("masks", masks),
        start=start,
        count=len(rows),
        channels=channels,
        vectors=vectors,
        source_strides=memory.lookup("strides", np.array(source[1], np.int64)),
        target_strides=memory.lookup("strides", np.array(target[1], np.int64)),
        start_stride=start_stride,
    )


def point_strides(channel: int, cell: int) -> Strides:
    """Strides of what lies at the points."""
    return channel, POINTS * cell, cell
