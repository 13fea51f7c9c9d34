from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from handgrad.engine.gradient_blocks import (
    ROWS_FLOATS,
    add_lane_blocks,
    add_one_lane,
    add_row_blocks,
)
from handgrad.engine.memory_plan import FLOAT_BYTES, Pointer


@given(size=st.integers(1, 5000), count=st.integers(1, 9))
def test_blocks_pave_a_parameter_and_its_lanes(size, count):
    lowering = SimpleNamespace(blocks=[], memory=SimpleNamespace(tiles=3))
    add_lane_blocks(lowering, "linear_1.weight", Pointer(1024, 8192), size, count)
    ends = [0]
    for block in lowering.blocks:
        assert block.offset == ends[-1]
        assert block.lanes.base == 1024 + block.offset * FLOAT_BYTES
        assert block.lane_stride == 8192 // FLOAT_BYTES
        ends.append(block.offset + block.columns)
    assert ends[-1] == size
    assert len(lowering.blocks) <= count


@given(count=st.integers(1, 400), size=st.integers(1, 2 * ROWS_FLOATS))
def test_blocks_of_rows_pave_a_parameter(count, size):
    lowering = SimpleNamespace(blocks=[], memory=SimpleNamespace(tiles=3))
    add_row_blocks(lowering, "linear_1.weight", count, size, lambda *rows: rows)
    row = 0
    for block in lowering.blocks:
        first, rows = block.compute.args
        assert (first, block.offset) == (row, row * size)
        assert block.columns == rows * size
        assert block.columns <= max(size, ROWS_FLOATS)
        row += rows
    assert row == count


def test_a_gradient_that_stands_as_a_whole_is_one_lane():
    lowering = SimpleNamespace(blocks=[])
    add_one_lane(lowering, "batch_norm1d_1.bias", Pointer(1024), 7)
    (block,) = lowering.blocks
    assert (block.offset, block.columns, block.lane_count) == (0, 7, 1)
