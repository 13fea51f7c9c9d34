import numpy as np
import pytest

from handgrad.engine.kernels import muon, updates
from handgrad.engine.optimizer_states import rule_of, write_rates
from handgrad.optimizers import Muon
from handgrad.optimizers.orthogonalize import COEFFICIENTS, EPS

from .run import assert_same, floats, run_entry

OPTIMIZER = Muon(0.3, momentum=0.7, weight_decay=0.5)
SIZE = 37


def rates(scale=1.0):
    found = np.zeros(updates.RATES, np.float32)
    write_rates(found, rule_of(OPTIMIZER), OPTIMIZER, 3)
    found[1] = scale
    return found


def direction(losses, scale=1.0):
    """Velocity and direction, as the kernel leaves them."""
    velocity, found = floats(SIZE, seed=1), np.full(SIZE, np.nan, np.float32)
    run_entry(
        muon.muon_direction,
        *(floats(SIZE), velocity, found, rates(scale), np.array(losses)),
        *(SIZE, len(losses)),
    )
    return velocity, found


@pytest.mark.parametrize("scale", [1.0, 0.37])
def test_the_direction_is_that_of_the_definition(scale):
    velocity, found = direction([1.0, 2.0], scale)
    gradient = np.float32(scale) * floats(SIZE)
    expected = np.float32(0.7) * floats(SIZE, seed=1) + gradient
    assert_same(velocity, expected)
    expected = gradient + np.float32(0.7) * expected
    expected = expected / (np.linalg.norm(expected.astype(np.float64)) + EPS)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_without_a_finite_loss_nothing_moves(loss):
    velocity, found = direction([1.0, loss])
    assert_same(velocity, floats(SIZE, seed=1))
    assert not found.any()
    value = floats(4, 9)
    run_entry(
        muon.muon_step,
        *(value, floats(4, 9, seed=1), rates(), np.array([loss])),
        *(4, 9, 1, 1),
    )
    assert_same(value, floats(4, 9))


@pytest.mark.parametrize("decays", [0, 1])
@pytest.mark.parametrize(("rows", "columns"), [(4, 9), (9, 4), (1, 7)])
def test_the_step_is_that_of_the_definition(rows, columns, decays):
    value, move = floats(rows, columns), floats(rows, columns, seed=1)
    run_entry(
        muon.muon_step,
        *(value, move, rates(), np.array([1.0])),
        *(rows, columns, 1, decays),
    )
    kept = floats(rows, columns) * (1 - 0.15 * decays)
    expected = kept - 0.3 * 0.2 * np.sqrt(max(rows, columns)) * move
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)


def test_the_factor_is_that_of_the_definition():
    gram, factor = floats(5, 5), floats(5, 5, seed=1)
    square = factor.copy()
    run_entry(muon.muon_factor, gram, factor, 5)
    linear, cubic, quintic = COEFFICIENTS
    expected = linear * np.eye(5) + cubic * gram + quintic * square
    np.testing.assert_allclose(factor, expected, rtol=1e-5, atol=1e-5)
