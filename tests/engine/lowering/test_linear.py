from hypothesis import given
from hypothesis import strategies as st

from handgrad.engine.lowering.linear import blocks

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


def test_the_first_layer_gives_its_inputs_no_gradient():
    engine = cpu_engine(network(FLATTEN, linear(5), RELU, linear(4)))
    shown = repr(engine.training.program)
    assert "linear_2 d_inputs" in shown
    assert "linear_1 d_inputs" not in shown
