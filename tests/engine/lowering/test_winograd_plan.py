"""Sizes of one pass, in bytes."""

import pytest

from handgrad.engine import processor
from handgrad.engine.lowering import convolution as convolution_row
from handgrad.engine.lowering.convolution_tables import output_block
from handgrad.engine.lowering.winograd_plan import CELLS, WinogradPlan, point_strides
from handgrad.engine.lowering.winograd_tiles import Windows

from ..networks import NETWORKS, cpu_engine


def test_a_plan_rounds_its_outputs_up_to_whole_blocks(monkeypatch, unit):
    monkeypatch.setattr(processor, "has_wide_registers", lambda: True)
    plan = WinogradPlan("x", Windows((7, 7), (7, 7), (1, 1), 32), 64, 33)
    assert plan.blocks * plan.block >= 33
    assert (plan.block == 32) == unit
    assert plan.panel == plan.blocks * plan.block * 32 * 4
    assert plan.cell == 4 * plan.panel
    assert plan.source_cell == 4 * 64 * 32 * 4
    assert plan.weight_cell == plan.blocks * plan.block * 64 * 4
    assert plan.packed_cell == plan.blocks * 32 * 64 * 6  # three parts of two bytes


def test_strides_of_what_lies_at_the_points():
    assert point_strides(128, 1000) == (128, 6 * 1000, 1000)


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
