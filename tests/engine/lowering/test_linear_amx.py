"""Which products go through the matrix unit; that they agree is in test_rows."""

import numpy as np
import pytest

from handgrad.engine import processor
from handgrad.engine.lowering import rows
from handgrad.engine.lowering.linear_amx import suits_amx
from handgrad.engine.processor import has_matrix_unit
from handgrad.layers import Linear
from handgrad.randomness import Key

from ..networks import FLATTEN, RELU, TANH, cpu_engine, linear, network
from ..reference import reference_step
from ..test_cpu import Settings, values_of

needs_unit = pytest.mark.skipif(not has_matrix_unit(), reason="needs a matrix unit")


def test_products_that_fill_its_registers_do(monkeypatch):
    monkeypatch.setattr(processor, "has_matrix_unit", lambda: True)
    assert suits_amx(Linear(32, 32, key=Key(0)))
    assert not suits_amx(Linear(784, 10, key=Key(0)))
    assert not suits_amx(Linear(16, 256, key=Key(0)))
    monkeypatch.setattr(processor, "has_matrix_unit", lambda: False)
    assert not suits_amx(Linear(32, 32, key=Key(0)))


@needs_unit
@pytest.mark.parametrize("large", [1, rows.LARGE_WEIGHT])
@pytest.mark.parametrize("batch_size", [33, 257, 300])
def test_layers_wider_than_a_cache_holds_at_once(batch_size, large, monkeypatch):
    """More than 512 inputs, more than 256 examples, columns of several tasks."""
    monkeypatch.setattr(rows, "LARGE_WEIGHT", large)
    chosen = network(
        *(FLATTEN, linear(176), TANH, linear(144), RELU, linear(7)),
        shape=(3, 16, 16),
        classes=7,
    )
    engine = cpu_engine(chosen, batch_size=batch_size, keep=True)
    batch = chosen.batch(batch_size)
    expected = reference_step(chosen, Settings(), values_of(engine), batch, 1)
    result = engine.train_step(batch, 1)
    expected.assert_agrees(result, engine.training.gradients())


@needs_unit
def test_it_rounds_less_than_the_registers_do(monkeypatch):
    chosen = network(
        FLATTEN, linear(256), TANH, linear(32), shape=(3, 16, 16), classes=32
    )
    images, errors = chosen.images(128), []
    for unit in (True, False):
        monkeypatch.setattr(processor, "has_matrix_unit", lambda unit=unit: unit)
        engine = cpu_engine(chosen)
        found = engine.logits(images)
        for name, parameter in engine.model.parameters().items():
            parameter.value = values_of(engine)[name].astype(np.float64)
        values = chosen.normalization.apply(images).astype(np.float64)
        exact, _ = engine.model.forward(values)
        errors.append(np.sqrt(np.mean((found - exact) ** 2)))
    assert errors[0] < 1.2 * errors[1]
