from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from handgrad.engine.gradient_blocks import (
    ROWS_FLOATS,
    add_lane_blocks,
    add_linear_blocks,
    add_one_lane,
    add_row_blocks,
)
from handgrad.engine.memory import FLOAT_BYTES, Pointer


@given(size=st.integers(1, 5000), count=st.integers(1, 9))
def test_pieces_pave_a_parameter_and_its_lanes(size, count):
    lowering = SimpleNamespace(pieces=[], memory=SimpleNamespace(tiles=3))
    add_lane_blocks(lowering, "linear_1.weight", Pointer(1024, 8192), size, count)
    ends = [0]
    for piece in lowering.pieces:
        assert piece.offset == ends[-1]
        assert piece.lanes.base == 1024 + piece.offset * FLOAT_BYTES
        assert piece.lane_stride == 8192 // FLOAT_BYTES
        ends.append(piece.offset + piece.columns)
    assert ends[-1] == size
    assert len(lowering.pieces) <= count


@given(count=st.integers(1, 400), size=st.integers(1, 2 * ROWS_FLOATS))
def test_pieces_of_rows_pave_a_parameter(count, size):
    lowering = SimpleNamespace(pieces=[], memory=SimpleNamespace(tiles=3))
    add_row_blocks(lowering, "linear_1.weight", count, size, lambda *rows: rows)
    row = 0
    for piece in lowering.pieces:
        first, rows = piece.make
        assert (first, piece.offset) == (row, row * size)
        assert piece.columns == rows * size
        assert piece.columns <= max(size, ROWS_FLOATS)
        row += rows
    assert row == count


def test_a_gradient_that_stands_as_a_whole_is_one_lane():
    lowering = SimpleNamespace(pieces=[])
    add_one_lane(lowering, "batch_norm1d_1.bias", Pointer(1024), 7)
    (piece,) = lowering.pieces
    assert (piece.offset, piece.columns, piece.lane_count) == (0, 7, 1)


def test_blocks_of_a_linear_layer_stand_where_its_weight_has_them():
    lowering = SimpleNamespace(pieces=[], memory=SimpleNamespace(capacity=10))
    layer = SimpleNamespace(out_features=4, in_features=6)
    blocks = [(0, 3, 0, 6), (3, 1, 2, 4)]
    add_linear_blocks(lowering, "linear_1", layer, blocks, lambda block: block, None)
    first, second, bias = lowering.pieces
    assert [piece.make for piece in (first, second)] == blocks
    assert (first.offset, first.stride, second.offset) == (0, 6, 3 * 6 + 2)
    assert second.cost == 2 * 1 * 4 * 10
    assert (bias.name, bias.columns) == ("linear_1.bias", 4)
