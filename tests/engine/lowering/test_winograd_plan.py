"""Sizes of one passage: what stands where, in bytes."""

import pytest

from handgrad.engine import processor
from handgrad.engine.lowering import convolution as convolution_row
from handgrad.engine.lowering.convolution_tables import output_block
from handgrad.engine.lowering.winograd_plan import CELLS, Way, picture_strides
from handgrad.engine.lowering.winograd_tiles import Windows

from ..networks import NETWORKS, cpu_engine


def test_a_way_rounds_its_outputs_up_to_whole_blocks(monkeypatch, unit):
    monkeypatch.setattr(processor, "has_wide_registers", lambda: True)
    way = Way("x", Windows((7, 7), (7, 7), (1, 1), 32), 64, 33)
    assert way.blocks * way.block >= 33
    assert (way.block == 32) == unit
    assert way.panel == way.blocks * way.block * 32 * 4
    assert way.cell == 4 * way.panel
    assert way.source_cell == 4 * 64 * 32 * 4
    assert way.weight_cell == way.blocks * way.block * 64 * 4
    assert way.packed_cell == way.blocks * 32 * 64 * 6  # three parts of two bytes


def test_strides_of_a_picture():
    assert picture_strides((5, 7), 128) == (5 * 7 * 128, 7 * 128, 128)


@pytest.mark.usefixtures("unit")
def test_products_are_counted_as_they_are_made(monkeypatch):
    """36 products instead of 9 x 16 taps: a quarter, where windows fit."""
    monkeypatch.setattr(convolution_row, "FEW_CHANNELS", 0)
    program = cpu_engine(NETWORKS["many channels"]).training.program
    operations = {
        op.stands_for: op.operations
        for phase in program.phases
        for task in phase.tasks
        for op in task.operations
    }
    windows = -(-9 // 4) * -(-7 // 4)
    outs = -(-64 // output_block(64)) * output_block(64)
    assert operations["conv2d_2 forward"] == 2 * CELLS * windows * 32 * outs * 32
