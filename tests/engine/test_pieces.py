from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from handgrad.engine.memory import FLOAT_BYTES, Pointer
from handgrad.engine.pieces import ROWS_FLOATS, add_lane_pieces, add_row_pieces


@given(size=st.integers(1, 5000), count=st.integers(1, 9))
def test_pieces_pave_a_parameter_and_its_lanes(size, count):
    lowering = SimpleNamespace(pieces=[], memory=SimpleNamespace(tiles=3))
    add_lane_pieces(lowering, "linear_1.weight", Pointer(1024, 8192), size, count)
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
    add_row_pieces(lowering, "linear_1.weight", count, size, lambda *rows: rows)
    row = 0
    for piece in lowering.pieces:
        first, rows = piece.make
        assert (first, piece.offset) == (row, row * size)
        assert piece.columns == rows * size
        assert piece.columns <= max(size, ROWS_FLOATS)
        row += rows
    assert row == count
