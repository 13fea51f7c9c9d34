"""The sums over the batch come after all tiles, as tasks that any worker may take."""

import numpy as np
import pytest

from handgrad.engine import processor
from handgrad.engine.lowering import convolution as convolution_row
from handgrad.engine.lowering import winograd_gradient as module
from handgrad.engine.lowering.convolution_tables import output_block
from handgrad.engine.lowering.winograd_gradient import GROUP_BYTES, groups
from handgrad.engine.lowering.winograd_plan import CELLS

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


@pytest.mark.parametrize(
    ("tiles", "workers", "tile_bytes", "lengths"),
    [
        (1, 4, 1, [1]),
        (8, 2, GROUP_BYTES // 8, [8]),
        (8, 2, GROUP_BYTES // 8 + 1, [4, 4]),
        (7, 2, GROUP_BYTES // 3, [4, 3]),
        (5, 2, 9 * GROUP_BYTES, [2, 2, 1]),
        (3, 4, 9 * GROUP_BYTES, [3]),
    ],
)
def test_groups_are_few_and_have_a_tile_for_every_worker(
    monkeypatch, tiles, workers, tile_bytes, lengths
):
    monkeypatch.setattr(processor, "has_matrix_unit", lambda: False)
    found = groups(tiles, workers, tile_bytes)
    assert [len(group) for group in found] == lengths
    assert [tile for group in found for tile in group] == list(range(tiles))


def test_a_sum_of_the_matrix_unit_is_one_group(monkeypatch):
    monkeypatch.setattr(processor, "has_matrix_unit", lambda: True)
    assert groups(5, 2, 9 * GROUP_BYTES) == [range(5)]


def test_groups_do_not_change_the_bits(unit, monkeypatch):
    monkeypatch.setattr(convolution_row, "FEW_CHANNELS", 0)
    network = NETWORKS["many channels"]
    whole = cpu_engine(network)
    whole.train_step(network.batch(70), 1)
    monkeypatch.setattr(module, "GROUP_BYTES", 1)
    for workers in (1, 2):
        engine = cpu_engine(network, workers=workers)
        names = [phase.name for phase in engine.training.program.phases]
        count = names.count("conv2d_2 d_weight")
        assert count == (1 if unit else -(-3 // workers))
        engine.train_step(network.batch(70), 1)
        np.testing.assert_array_equal(engine.store.values, whole.store.values)
