from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from handgrad.engine.lowering.linear_products import LinearProducts, blocks
from handgrad.layers import Linear

from ..networks import FLATTEN, RELU, cpu_engine, linear, network
from ..reference import reference_step
from ..test_cpu import Settings, values_of

sizes = st.integers(1, 3000)


@given(out=sizes, into=sizes, capacity=st.sampled_from([128, 256, 4096]))
def test_blocks_pave_the_weight(out, into, capacity):
    parts = blocks(out, into, capacity)
    assert sum(rows * columns for _, rows, _, columns in parts) == out * into
    for first, rows, left, columns in parts:
        assert 0 <= first < first + rows <= out
        assert 0 <= left < left + columns <= into
    assert len({(first, left) for first, _, left, _ in parts}) == len(parts) <= 8


def test_a_large_weight_is_made_in_several_blocks():
    """Both ways of cutting: by rows, and by columns where there are few rows."""
    large = network(FLATTEN, linear(130), RELU, linear(4), shape=(1, 30, 30))
    engine, batch = cpu_engine(large, batch_size=512, keep=True), large.batch(200)
    values, setting = values_of(engine), Settings()
    expected = reference_step(large, setting, values, batch, 1)
    result = engine.train_step(batch, 1)
    expected.assert_agrees(result, engine.training.gradients())
    assert repr(engine.training.program).count("linear_1 d_weight, rows") > 1


class TwoBlocks(LinearProducts):
    """Of a weight (4, 6), of which some columns have no gradient."""

    def __init__(self):
        memory = SimpleNamespace(capacity=10, keep=lambda tensor: None)
        self.lowering = SimpleNamespace(blocks=[], by_rows=True)
        self.memory, self.name, self.out, self.into = memory, "linear_1", 4, 6
        self.node = SimpleNamespace(needs_d_inputs=False, layer=Linear(6, 4))

    def blocks(self):
        return [(0, 3, 0, 6), (3, 1, 2, 4)]

    forward = d_inputs = None
    d_weight = d_bias = print


def test_blocks_stand_where_the_weight_has_them():
    products = TwoBlocks()
    assert products.backward(None) is None
    first, second, bias = products.lowering.blocks
    assert (first.offset, first.stride, second.offset) == (0, 6, 3 * 6 + 2)
    assert [first.rows, second.columns] == [3, 4]
    assert second.cost == 2 * 1 * 4 * 10
    assert (bias.name, bias.columns) == ("linear_1.bias", 4)
