import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.engine import processor
from handgrad.engine.lowering import rows
from handgrad.engine.lowering.rows import at_once, blocks
from handgrad.engine.processor import instruction_set

from ..by_rows import BY_ROWS
from ..networks import FLATTEN, RELU, cpu_engine, linear, network
from ..reference import reference_step
from ..same_bits import assert_same_bits
from ..test_cpu import Settings, values_of

named_only = pytest.mark.skipif(
    instruction_set() is None, reason="needs an instruction set with a name"
)


@pytest.fixture(params=[rows.LARGE_WEIGHT, 1], ids=["small", "large"])
def large(request, monkeypatch):
    """From how many bytes on a weight is transposed beside its product."""
    monkeypatch.setattr(rows, "LARGE_WEIGHT", request.param)
    return request.param


@named_only
@pytest.mark.parametrize("name", BY_ROWS)
@pytest.mark.parametrize("count", [1, 70, 200])
@pytest.mark.usefixtures("large", "unit")
def test_loss_and_gradients_are_the_plain_layers(name, count):
    chosen = BY_ROWS[name]
    engine = cpu_engine(chosen, batch_size=200, keep=True)
    batch, values = chosen.batch(count), values_of(engine)
    assert "logits, batch last" in repr(engine.training.program)
    if "leaky_relu" in repr(chosen.rows) or "'relu'" in repr(chosen.rows):
        batch = chosen.batch(min(count, 70))
    expected = reference_step(chosen, Settings(), values, batch, 1)
    result = engine.train_step(batch, 1)
    expected.assert_agrees(result, engine.training.gradients())


@named_only
@pytest.mark.parametrize("name", BY_ROWS)
@pytest.mark.usefixtures("large", "unit")
def test_bits_do_not_depend_on_workers_or_place(name):
    chosen = BY_ROWS[name]
    batch, images = chosen.batch(200), chosen.images(150, seed=5)
    assert_same_bits(chosen, batch, images, batch_size=200)


@named_only
def test_a_large_first_weight_is_not_copied_before_the_step(large):
    chosen = network(FLATTEN, linear(32), RELU, linear(16), linear(4), shape=(1, 8, 8))
    shown = repr(cpu_engine(chosen).training.program)
    assert ("linear_1.weight transposed" in shown) == (large > 1)
    assert ("linear_1 forward, outputs" in shown) == (large == 1)
    assert "linear_2.weight transposed" in shown


@named_only
def test_products_that_fill_the_matrix_unit_go_through_it(unit):
    chosen = network(FLATTEN, linear(32), RELU, linear(4), shape=(1, 8, 8))
    shown = repr(cpu_engine(chosen).training.program)
    assert ("linear_1.weight transposed, columns 0 to 32" in shown) == unit
    assert ("linear_1.weight transposed, rows 0 to 32" in shown) != unit
    assert "linear_2.weight transposed, rows 0 to 4" in shown  # of few outputs


@given(out=st.integers(1, 3000), into=st.integers(1, 300))
def test_blocks_pave_the_weight(out, into):
    into *= 16
    paved = np.zeros((out, into), np.int8)
    for first, tall, left, wide in blocks(out, into):
        paved[first : first + tall, left : left + wide] += 1
        assert wide % 16 == 0
    assert (paved == 1).all()


@pytest.mark.parametrize(("name", "count"), [("avx2", 128), ("avx512", 768)])
def test_short_registers_add_up_fewer_at_once(monkeypatch, name, count):
    monkeypatch.setattr(processor, "instruction_set", lambda: name)
    assert at_once() == count
