"""The gradient of a convolution's weights by Winograd's way: 36 sums over the batch.

    d_weights = G^T (sum over windows of (A d_outputs A^T) * (B^T inputs B)) G

Every tile leaves its windows behind; when all have come so far, each pair of points is
one matrix product over the whole batch, in one order for any number of workers.
"""

from typing import Any

import numpy as np

from handgrad.engine import processor
from handgrad.engine.kernels.panels import PANEL, PANEL_BYTES
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.sandwich import D_RESULT, POINTS
from handgrad.engine.kernels.winograd import (
    SQUARE,
    gradient_kernel,
    winograd_weight_gradient,
)
from handgrad.engine.kernels.winograd_matrices import sum_scratch_bytes, winograd_sum
from handgrad.engine.lowering import geometry
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.windows import Places
from handgrad.engine.lowering.winograd_way import CELLS, Way, add_turn, picture_strides
from handgrad.engine.memory import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.engine.pieces import add_bias_lanes, add_row_pieces
from handgrad.engine.program import Phase, Task

TURNED_BYTES = 3 << 18  # of inputs that stay in a core's own cache


def add_weight_gradient(
    lowering: Lowering, name: str, way: Way, points: Pointer, d_outputs: Tensor
) -> None:
    """36 products over the whole batch, when all tiles have come so far."""
    memory, windows = lowering.memory, way.windows
    panel = way.outputs * PANEL_BYTES
    cell = windows.count * panel
    beyond = way.block * PANEL  # the last block may read behind the last panel
    count = CELLS * cell // FLOAT_BYTES + beyond
    d_points = memory.each_tile(f"{name} d_outputs points", "scratch", count)
    add_turn(
        lowering,
        D_RESULT,
        f"{name} d_outputs, windows",
        (d_outputs.pointer, picture_strides(windows.out_size, windows.pixel_bytes)),
        (d_points, (PANEL_BYTES, POINTS * cell, cell)),
        windows.d_outputs(panel),
        way.outputs,
    )
    add_bias_lanes(lowering, name, d_outputs)
    lowering.meet(f"backward to {name}")
    summed = memory.shared(
        f"{name} d_weight points", "gradients", CELLS * way.weight_cell // FLOAT_BYTES
    )
    tasks = _gradient_tasks(lowering, name, way, (points, d_points, summed))
    lowering.phases.append(Phase(f"{name} d_weight", tasks))
    _add_weight_pieces(lowering, name, way, summed)


def _gradient_tasks(
    lowering: Lowering, name: str, way: Way, buffers: tuple[Pointer, Pointer, Pointer]
) -> list[Task]:
    """A task for each pair of points and each part of the input channels."""
    memory, windows = lowering.memory, way.windows
    points, d_points, summed = buffers
    panel, d_panel = way.channels * PANEL_BYTES, way.outputs * PANEL_BYTES
    panels = [
        (
            tile * d_points.tile_stride + w * d_panel,
            tile * points.tile_stride + w * panel,
        )
        for tile in range(memory.tiles)
        for w in range(windows.count)
    ]
    table = memory.lookup("panels", np.array(panels, np.int64))
    if processor.has_matrix_unit():
        return _tasks_by_unit(lowering, name, way, buffers, (table, len(panels)))
    group_bytes = len(panels) * PANEL * PANEL_BYTES
    together = max(1, TURNED_BYTES // group_bytes)
    turned = lowering.scratch("turned", together * group_bytes)
    groups = way.channels // PANEL
    stride = way.channels * FLOAT_BYTES
    tasks = []
    for first in range(0, groups, together):
        here = min(together, groups - first)
        source = points.plus(first * PANEL * PANEL_BYTES)
        operation = Operation(  # the "tile" of these tasks is a pair of points
            gradient_kernel(way.block, geometry.vectors_at_once()),
            f"{name} d_weight",
            d_outputs=d_points.by_tile(windows.count * d_panel),
            inputs=source.by_tile(way.source_cell),
            panels=table,
            turned=turned,
            d_points=summed.plus(first * PANEL_BYTES).by_tile(way.weight_cell),
            count=len(panels),
            blocks=way.blocks,
            groups=here,
            stride=stride,
        )
        shared = [operation]
        tasks += [Task(shared, cell) for cell in range(CELLS)]
    return tasks


def _tasks_by_unit(
    lowering: Lowering,
    name: str,
    way: Way,
    buffers: tuple[Pointer, Pointer, Pointer],
    panels: tuple[Pointer, int],
) -> list[Task]:
    """A task for each pair of points, for the matrix unit."""
    points, d_points, summed = buffers
    d_cell = way.windows.count * way.outputs * PANEL_BYTES
    size = sum_scratch_bytes(way.outputs)
    operation = Operation(
        winograd_sum,
        f"{name} d_weight",
        d_outputs=d_points.by_tile(d_cell),
        inputs=points.by_tile(way.source_cell),
        panels=panels[0],
        parts=lowering.scratch("parts", size),
        d_points=summed.by_tile(way.weight_cell),
        count=panels[1],
        outputs=way.outputs,
        channels=way.channels,
    )
    return [Task([operation], cell) for cell in range(CELLS)]


def _add_weight_pieces(
    lowering: Lowering, name: str, way: Way, summed: Pointer
) -> None:
    """The gradient from points to 3 x 3, some outputs at once, then the move."""
    memory = lowering.memory
    masks = memory.lookup("masks", Places().arrays()[1])
    zero = memory.shared(f"{name} d_weight zero", "settings", 1)
    scratch = lowering.scratch("squares", SQUARE * LANES * FLOAT_BYTES)
    size = way.channels * SQUARE

    def make(first: int, rows: int) -> Any:
        start = summed.plus(first * way.channels * FLOAT_BYTES)
        return lambda place, _: [
            Operation(
                winograd_weight_gradient,
                f"{name} d_weight from the points",
                d_points=start,
                d_weight=place,
                square=scratch,
                masks=masks,
                zero=zero,
                outputs=rows,
                channels=way.channels,
                point=way.weight_cell,
            )
        ]

    add_row_pieces(lowering, f"{name}.weight", way.outputs, size, make)
