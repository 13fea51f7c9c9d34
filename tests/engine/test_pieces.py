from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from handgrad.engine.memory import FLOAT_BYTES, Pointer
from handgrad.engine.pieces import add_lane_pieces


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
