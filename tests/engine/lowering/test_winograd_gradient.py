"""The sums over the batch come after all tiles, as tasks that any worker may take."""

import pytest

from handgrad.engine.lowering import convolution as convolution_row
from handgrad.engine.lowering.geometry import output_block
from handgrad.engine.lowering.winograd_way import CELLS

from ..networks import NETWORKS, cpu_engine


@pytest.fixture
def phases(unit, monkeypatch):
    monkeypatch.setattr(convolution_row, "FEW_CHANNELS", 0)
    return cpu_engine(NETWORKS["many channels"]).training.program.phases


def test_a_phase_of_its_own_has_a_task_for_each_pair_of_points(phases):
    names = [phase.name for phase in phases]
    place = names.index("conv2d_2 d_weight")
    assert names[place - 1] == "backward to conv2d_2"
    cells = [task.tile for task in phases[place].tasks]
    assert sorted(set(cells)) == list(range(CELLS))
    assert len(cells) % CELLS == 0


def test_every_operation_of_the_sum_is_counted(phases):
    """64 x 32 x the windows' numbers, at each of the 36 pairs of points, twice."""
    phase = next(phase for phase in phases if phase.name == "conv2d_2 d_weight")
    made = sum(op.operations for task in phase.tasks for op in task.operations)
    windows = -(-9 // 4) * -(-7 // 4)  # 7 x 9 padded by (2, 0) gives 9 x 7
    outs = -(-64 // output_block(64)) * output_block(64)
    assert made == 2 * CELLS * outs * 32 * windows * 3 * 32  # 70 examples: 3 tiles


def test_the_move_finds_every_weight_once(phases):
    last = phases[-1]
    moved = [
        (op.arguments["outputs"], op.arguments["channels"])
        for task in last.tasks
        for op in task.operations
        if op.stands_for == "conv2d_2 d_weight from the points"
    ]
    assert sum(rows for rows, _ in moved) == 64
    assert {channels for _, channels in moved} == {32}
