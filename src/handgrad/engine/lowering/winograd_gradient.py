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
from handgrad.engine.gradient_blocks import add_bias_lanes, add_row_blocks
from handgrad.engine.kernels.panels import PANEL, PANEL_BYTES
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.winograd import (
    SQUARE,
    gradient_kernel,
    winograd_weight_gradient,
)
from handgrad.engine.kernels.winograd_matrices import sum_scratch_bytes, winograd_sum
from handgrad.engine.kernels.winograd_transforms import D_RESULT, POINTS
from handgrad.engine.lowering import convolution_tables
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.winograd_plan import (
    CELLS,
    Way,
    add_points,
    add_turn,
    picture_strides,
)
from handgrad.engine.lowering.winograd_tiles import Places
from handgrad.engine.memory import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.engine.program import Phase, Task

GROUP_BYTES = 5 << 24  # of windows that wait at one time
TURNED_BYTES = 3 << 18  # of inputs that stay in a core's own cache


def add_weight_gradient(
    lowering: Lowering, name: str, way: Way, inputs: Tensor, d_outputs: Tensor
) -> None:
    """36 sums over the whole batch, to which some tiles add after others."""
    memory = lowering.memory
    add_bias_lanes(lowering, name, d_outputs)
    each = sum(_tile_bytes(way, channels) for channels in (way.channels, way.outputs))
    parts = groups(memory.tiles, memory.workers, each)
    source, blame = (
        _side(lowering, f"{name} {side} points", way, channels, len(parts[0]))
        for side, channels in (("inputs", way.channels), ("d_outputs", way.outputs))
    )
    size = CELLS * way.weight_cell // FLOAT_BYTES
    sums = memory.shared(f"{name} d_weight points", "gradients", size)
    gradient = Gradient(lowering, name, way, source, blame, sums)
    for tiles in parts:
        if len(parts) > 1 and tiles.start == 0:
            lowering.barrier(f"backward to {name}")
        gradient.add(inputs, d_outputs, tiles)
    _add_weight_pieces(lowering, name, way, sums)


def groups(tiles: int, workers: int, tile_bytes: int) -> list[range]:
    """Tiles whose windows wait at one time: few, and some for every worker."""
    count = -(-tiles * tile_bytes // GROUP_BYTES)
    if processor.has_matrix_unit():  # whose sum cannot go on
        count = 1
    each = -(-tiles // count)
    step = -(-each // workers) * workers
    return [range(at, min(at + step, tiles)) for at in range(0, tiles, step)]


@dataclass(frozen=True)
class Side:
    """Inputs or d_outputs of some tiles, at the points: bytes between two of each."""

    panel: int
    cell: int
    tile: int
    place: Pointer

    def of_tile(self, first: int) -> Pointer:
        """Where a tile's own stand, in a group that begins with tile `first`."""
        return self.place.by_tile(self.tile).plus(-first * self.tile)


def _side(lowering: Lowering, name: str, way: Way, channels: int, tiles: int) -> Side:
    panel, each = channels * PANEL_BYTES, _tile_bytes(way, channels)
    place = lowering.memory.shared(name, "scratch", tiles * each // FLOAT_BYTES)
    return Side(panel, way.windows.count * panel, each, place)


def _tile_bytes(way: Way, channels: int) -> int:
    """What the windows of a tile take, and what the last block reads behind them."""
    return (CELLS * way.windows.count * channels + way.block) * PANEL_BYTES


@dataclass(frozen=True)
class Gradient:
    """The sums of one convolution, and the windows that wait to be added."""

    lowering: Lowering
    name: str
    way: Way
    source: Side
    blame: Side
    sums: Pointer

    def add(self, inputs: Tensor, d_outputs: Tensor, tiles: range) -> None:
        """The windows of some tiles, then what they add to the sums."""
        windows, blame = self.way.windows, self.blame
        add_points(self.lowering, self.way, inputs, self.source.of_tile(tiles.start))
        add_turn(
            self.lowering,
            D_RESULT,
            f"{self.name} d_outputs, windows",
            (d_outputs.pointer, picture_strides(windows.out_size, windows.pixel_bytes)),
            (
                blame.of_tile(tiles.start),
                (PANEL_BYTES, POINTS * blame.cell, blame.cell),
            ),
            windows.d_outputs(blame.panel),
            self.way.outputs,
        )
        self.lowering.barrier(f"backward to {self.name}", tiles)
        parts = [[one] for one in self._operations(tiles)]
        tasks = [Task(one, cell) for one in parts for cell in range(CELLS)]
        self.lowering.phases.append(Phase(f"{self.name} d_weight", tasks))

    def _operations(self, tiles: range) -> list[Operation]:
        """One for each part of the input channels; its "tile" is a pair of points."""
        source, blame = self.source, self.blame
        panels = [
            (tile * blame.tile + w * blame.panel, tile * source.tile + w * source.panel)
            for tile in range(len(tiles))
            for w in range(self.way.windows.count)
        ]
        common: dict[str, Any] = {
            "d_outputs": blame.place.by_tile(blame.cell),
            "panels": self.lowering.memory.lookup("panels", np.array(panels, np.int64)),
            "count": len(panels),
        }
        if processor.has_matrix_unit():
            return [self._by_unit(common)]
        group_bytes = len(panels) * PANEL * PANEL_BYTES
        together = max(1, TURNED_BYTES // group_bytes)
        turned = self.lowering.scratch("turned", together * group_bytes)
        count = self.way.channels // PANEL
        vectors = convolution_tables.vectors_at_once()
        return [
            Operation(
                gradient_kernel(self.way.block, vectors, goes_on=tiles.start > 0),
                f"{self.name} d_weight",
                inputs=source.place.plus(first * PANEL * PANEL_BYTES).by_tile(
                    source.cell
                ),
                turned=turned,
                d_points=self.sums.plus(first * PANEL_BYTES).by_tile(
                    self.way.weight_cell
                ),
                blocks=self.way.blocks,
                groups=min(together, count - first),
                stride=self.way.channels * FLOAT_BYTES,
                **common,
            )
            for first in range(0, count, together)
        ]

    def _by_unit(self, common: dict[str, Any]) -> Operation:
        """The same for the matrix unit."""
        return Operation(
            winograd_sum,
            f"{self.name} d_weight",
            inputs=self.source.place.by_tile(self.source.cell),
            parts=self.lowering.scratch("parts", sum_scratch_bytes(self.way.outputs)),
            d_points=self.sums.by_tile(self.way.weight_cell),
            outputs=self.way.outputs,
            channels=self.way.channels,
            **common,
        )


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

    add_row_blocks(lowering, f"{name}.weight", way.outputs, size, make)
