"""The weight gradient of a convolution by Winograd's algorithm: 36 sums over the batch.

    d_weights = G^T (sum over windows of (A d_outputs A^T) * (B^T inputs B)) G

A group of tiles transforms its windows; then each pair of points adds one matrix
product to its sum; then the next group. So the order of the sum does not depend on the
number of workers. The inputs are transformed again, since their windows take 2.25 times
the memory of the inputs, which are there anyway.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.engine.gradient_blocks import add_row_blocks
from handgrad.engine.kernels.panels import PANEL, PANEL_BYTES
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.winograd import (
    SQUARE,
    gradient_kernel,
    winograd_weight_gradient,
)
from handgrad.engine.kernels.winograd_matrices import sum_scratch_bytes, winograd_sum
from handgrad.engine.kernels.winograd_transforms import D_RESULT
from handgrad.engine.lowering import convolution_tables
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.winograd_plan import (
    CELLS,
    WinogradPlan,
    add_points,
    goes_by_unit,
    point_strides,
    transform,
)
from handgrad.engine.lowering.winograd_tiles import Places
from handgrad.engine.memory_plan import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.engine.program import Phase, Task

GROUP_BYTES = 5 << 24  # of transformed windows in memory at one time
TURNED_BYTES = 3 << 18  # of inputs that stay in a core's own cache


def add_weight_gradient(
    lowering: Lowering,
    name: str,
    plan: WinogradPlan,
    inputs: Tensor,
    d_outputs: Tensor,
) -> None:
    """Add the sums over all groups of tiles, and the blocks of the weight."""
    memory = lowering.memory
    sides = (plan.channels, plan.outputs)
    parts = groups(
        memory.tiles, memory.workers, sum(_tile_bytes(plan, each) for each in sides)
    )
    source = _side(lowering, f"{name} inputs points", plan, sides[0], len(parts[0]))
    d_side = _side(lowering, f"{name} d_outputs points", plan, sides[1], len(parts[0]))
    size = CELLS * plan.weight_cell // FLOAT_BYTES
    sums = memory.shared(f"{name} d_weight points", "gradients", size)
    gradient = WinogradSums(lowering, name, plan, source, d_side, sums)
    for tiles in parts:
        if len(parts) > 1 and tiles.start == 0:
            lowering.barrier(f"backward to {name}")
        gradient.add(inputs, d_outputs, tiles)
    gradient.add_blocks()


def groups(tiles: int, workers: int, tile_bytes: int) -> list[range]:
    """Groups of tiles: few, and each with a tile for every worker."""
    count = -(-tiles * tile_bytes // GROUP_BYTES)
    if goes_by_unit():  # whose sum cannot be continued
        count = 1
    each = -(-tiles // count)
    step = -(-each // workers) * workers
    return [range(at, min(at + step, tiles)) for at in range(0, tiles, step)]


@dataclass(frozen=True)
class PointSide:
    """Inputs or d_outputs of a group of tiles at the points, with strides in bytes."""

    panel: int
    cell: int
    tile: int
    place: Pointer

    def of_tile(self, first: int) -> Pointer:
        """The pointer of a tile, in a group that begins with tile `first`."""
        return self.place.by_tile(self.tile).plus(-first * self.tile)


def _side(
    lowering: Lowering, name: str, plan: WinogradPlan, channels: int, tiles: int
) -> PointSide:
    panel, each = channels * PANEL_BYTES, _tile_bytes(plan, channels)
    place = lowering.memory.shared(name, "scratch", tiles * each // FLOAT_BYTES)
    return PointSide(panel, plan.windows.count * panel, each, place)


def _tile_bytes(plan: WinogradPlan, channels: int) -> int:
    """The windows of a tile, and what the last block reads behind them."""
    return (CELLS * plan.windows.count * channels + plan.block) * PANEL_BYTES


@dataclass(frozen=True)
class WinogradSums:
    """The sums of one convolution, and both sides of a group's products."""

    lowering: Lowering
    name: str
    plan: WinogradPlan
    inputs: PointSide
    d_outputs: PointSide
    sums: Pointer

    def add(self, inputs: Tensor, d_outputs: Tensor, tiles: range) -> None:
        """Transform the windows of a group, then add its products to the sums."""
        windows, side = self.plan.windows, self.d_outputs
        add_points(self.lowering, self.plan, inputs, self.inputs.of_tile(tiles.start))
        source = (d_outputs.pointer, windows.strides(windows.out_size))
        target = (side.of_tile(tiles.start), point_strides(PANEL_BYTES, side.cell))
        operation = transform(
            self.lowering.memory,
            D_RESULT,
            f"{self.name} d_outputs, windows",
            (source, target),
            windows.d_outputs(side.panel),
            self.plan.outputs,
        )
        self.lowering.operations.append(operation)
        self.lowering.barrier(f"backward to {self.name}", tiles)
        parts = [[one] for one in self._operations(tiles)]
        tasks = [Task(one, cell) for one in parts for cell in range(CELLS)]
        self.lowering.phases.append(Phase(f"{self.name} d_weight", tasks))

    def _operations(self, tiles: range) -> list[Operation]:
        """One for each part of the input channels; its "tile" is a pair of points."""
        source, side = self.inputs, self.d_outputs
        panels = [
            (tile * side.tile + w * side.panel, tile * source.tile + w * source.panel)
            for tile in range(len(tiles))
            for w in range(self.plan.windows.count)
        ]
        common: dict[str, Any] = {
            "d_outputs": side.place.by_tile(side.cell),
            "panels": self.lowering.memory.lookup("panels", np.array(panels, np.int64)),
            "count": len(panels),
        }
        if goes_by_unit():
            return [self._amx_operation(common)]
        group_bytes = len(panels) * PANEL * PANEL_BYTES
        together = max(1, TURNED_BYTES // group_bytes)
        transposed = self.lowering.scratch("transposed", together * group_bytes)
        count = self.plan.channels // PANEL
        vectors = convolution_tables.vectors_at_once()
        sums, weight_cell = self.sums, self.plan.weight_cell
        return [
            Operation(
                gradient_kernel(self.plan.block, vectors, goes_on=tiles.start > 0),
                f"{self.name} d_weight",
                inputs=source.place.plus(first * PANEL * PANEL_BYTES).by_tile(
                    source.cell
                ),
                transposed=transposed,
                d_points=sums.plus(first * PANEL_BYTES).by_tile(weight_cell),
                blocks=self.plan.blocks,
                groups=min(together, count - first),
                stride=self.plan.channels * FLOAT_BYTES,
                **common,
            )
            for first in range(0, count, together)
        ]

    def _amx_operation(self, common: dict[str, Any]) -> Operation:
        """The same through the matrix unit."""
        scratch = sum_scratch_bytes(self.plan.outputs)
        return Operation(
            winograd_sum,
            f"{self.name} d_weight",
            inputs=self.inputs.place.by_tile(self.inputs.cell),
            parts=self.lowering.scratch("parts", scratch),
            d_points=self.sums.by_tile(self.plan.weight_cell),
            outputs=self.plan.outputs,
            channels=self.plan.channels,
            **common,
        )

    def add_blocks(self) -> None:
        """Blocks of the weight: the gradient from points to 3 x 3, then the update."""
        memory, plan = self.lowering.memory, self.plan
        masks = memory.lookup("masks", Places().arrays()[1])
        zero = memory.shared(f"{self.name} d_weight zero", "settings", 1)
        size = SQUARE * LANES * FLOAT_BYTES
        scratch = self.lowering.scratch("squares", size)

        def compute(
            first: int, rows: int, place: Pointer, stride: int
        ) -> list[Operation]:
            operation = Operation(
                winograd_weight_gradient,
                f"{self.name} d_weight from the points",
                d_points=self.sums.plus(first * plan.channels * FLOAT_BYTES),
                d_weight=place,
                square=scratch,
                masks=masks,
                zero=zero,
                outputs=rows,
                channels=plan.channels,
                point=plan.weight_cell,
            )
            return [operation]

        size = plan.channels * SQUARE
        name = f"{self.name}.weight"
        add_row_blocks(self.lowering, name, plan.outputs, size, compute)
