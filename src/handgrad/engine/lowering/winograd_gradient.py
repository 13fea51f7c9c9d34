"""The gradient of a convolution's weights by Winograd's way: 36 sums over the batch.

    d_weights = G^T (sum over windows of (A d_outputs A^T) * (B^T inputs B)) G

Some tiles leave their windows behind, and each pair of points adds one matrix product
to its sum; then the next tiles. So the sum runs over the whole batch, in one order for
any number of workers. The inputs' windows are made anew: they take 2.25 times the room
of the inputs, which are there all the same.
"""

from dataclasses import dataclass
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
from handgrad.engine.lowering.winograd_way import (
    CELLS,
    Way,
    add_points,
    add_turn,
    picture_strides,
)
from handgrad.engine.memory import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.engine.pieces import add_bias_lanes, add_row_pieces
from handgrad.engine.program import Phase, Task

GROUP_BYTES = 5 << 24  # of windows that wait at one time
TURNED_BYTES = 3 << 18  # of inputs that stay in a core's own cache


def add_weight_gradient(
    lowering: Lowering, name: str, way: Way, inputs: Tensor, d_outputs: Tensor
) -> None:
    """36 products over the whole batch, when all tiles have come so far."""
    memory = lowering.memory
    add_bias_lanes(lowering, name, d_outputs)
    summed = memory.shared(
        f"{name} d_weight points", "gradients", CELLS * way.weight_cell // FLOAT_BYTES
    )
    sides = _sides(lowering, name, way)
    for tiles in groups(memory.tiles, memory.workers, sum(side.step for side in sides)):
        _add_group(lowering, name, way, (inputs, d_outputs, summed), sides, tiles)
    _add_weight_pieces(lowering, name, way, summed)


@dataclass(frozen=True)
class Side:
    """Windows at the points of some tiles, `step` bytes apart: inputs or d_outputs."""

    cell: int
    panel: int
    step: int
    place: Pointer

    def of_tile(self, first: int) -> Pointer:
        """Where a tile's own stand, in a group that begins with tile `first`."""
        return self.place.by_tile(self.step).plus(-first * self.step)


def groups(tiles: int, workers: int, tile_bytes: int) -> list[range]:
    """Tiles whose windows wait at one time: few, and some for every worker."""
    count = -(-tiles * tile_bytes // GROUP_BYTES)
    if processor.has_matrix_unit():  # whose sum cannot go on
        count = 1
    each = -(-tiles // count)
    step = -(-each // workers) * workers
    return [range(at, min(at + step, tiles)) for at in range(0, tiles, step)]


def _sides(lowering: Lowering, name: str, way: Way) -> tuple[Side, Side]:
    """Places for a group's windows."""
    memory, sides = lowering.memory, []
    beyond = way.block * PANEL_BYTES  # the last block may read behind the last panel
    steps = [
        CELLS * way.windows.count * channels * PANEL_BYTES + beyond
        for channels in (way.channels, way.outputs)
    ]
    count = len(groups(memory.tiles, memory.workers, sum(steps))[0])
    for kind, channels, step in zip(
        ("inputs", "d_outputs"), (way.channels, way.outputs), steps, strict=True
    ):
        size = count * step // FLOAT_BYTES
        place = memory.shared(f"{name} {kind} points", "scratch", size)
        panel = channels * PANEL_BYTES
        sides.append(Side(way.windows.count * panel, panel, step, place))
    return sides[0], sides[1]


def _add_group(
    lowering: Lowering,
    name: str,
    way: Way,
    tensors: tuple[Tensor, Tensor, Pointer],
    sides: tuple[Side, Side],
    tiles: range,
) -> None:
    """The windows of some tiles, and what they add to the sums."""
    inputs, d_outputs, summed = tensors
    source, blame = sides
    is_whole = len(tiles) == lowering.memory.tiles
    if not is_whole and tiles.start == 0:
        lowering.meet(f"backward to {name}")
    add_points(lowering, way, inputs, source.of_tile(tiles.start))
    windows = way.windows
    add_turn(
        lowering,
        D_RESULT,
        f"{name} d_outputs, windows",
        (d_outputs.pointer, picture_strides(windows.out_size, windows.pixel_bytes)),
        (
            blame.of_tile(tiles.start),
            (PANEL_BYTES, POINTS * blame.cell, blame.cell),
        ),
        windows.d_outputs(blame.panel),
        way.outputs,
    )
    shown = "" if is_whole else f", tiles {tiles.start} to {tiles.stop}"
    lowering.meet(f"backward to {name}{shown}", tiles)
    tasks = _gradient_tasks(lowering, name, way, summed, sides, tiles)
    lowering.phases.append(Phase(f"{name} d_weight{shown}", tasks))


def _gradient_tasks(
    lowering: Lowering,
    name: str,
    way: Way,
    summed: Pointer,
    sides: tuple[Side, Side],
    tiles: range,
) -> list[Task]:
    """A task for each pair of points and each part of the input channels."""
    memory, windows = lowering.memory, way.windows
    source, blame = sides
    panels = [
        (tile * blame.step + w * blame.panel, tile * source.step + w * source.panel)
        for tile in range(len(tiles))
        for w in range(windows.count)
    ]
    table = memory.lookup("panels", np.array(panels, np.int64))
    if processor.has_matrix_unit():
        return _tasks_by_unit(lowering, name, way, summed, sides, (table, len(panels)))
    group_bytes = len(panels) * PANEL * PANEL_BYTES
    together = max(1, TURNED_BYTES // group_bytes)
    turned = lowering.scratch("turned", together * group_bytes)
    count = way.channels // PANEL
    stride = way.channels * FLOAT_BYTES
    tasks = []
    for first in range(0, count, together):
        here = min(together, count - first)
        inputs = source.place.plus(first * PANEL * PANEL_BYTES)
        operation = Operation(  # the "tile" of these tasks is a pair of points
            gradient_kernel(
                way.block, geometry.vectors_at_once(), goes_on=tiles.start > 0
            ),
            f"{name} d_weight",
            d_outputs=blame.place.by_tile(blame.cell),
            inputs=inputs.by_tile(source.cell),
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
    summed: Pointer,
    sides: tuple[Side, Side],
    panels: tuple[Pointer, int],
) -> list[Task]:
    """A task for each pair of points, for the matrix unit."""
    source, blame = sides
    size = sum_scratch_bytes(way.outputs)
    operation = Operation(
        winograd_sum,
        f"{name} d_weight",
        d_outputs=blame.place.by_tile(blame.cell),
        inputs=source.place.by_tile(source.cell),
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
