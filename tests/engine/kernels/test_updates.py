import numpy as np
import pytest

from handgrad.engine.kernels import updates
from handgrad.engine.optimizer_states import rule_of, write_rates
from handgrad.losses.l2 import sum_of_squares
from handgrad.optimizers import SGD
from handgrad.parameter import Parameter
from handgrad.starting_points import STARTING_POINTS, optimizer_named

from .run import assert_same, floats, run_entry

BY_BLOCKS = sorted({*STARTING_POINTS} - {"muon"})  # which updates whole parameters
OPTIMIZERS = {
    **{n: optimizer_named(n, 0.3, weight_decay=0.1) for n in BY_BLOCKS},
    "no decay": SGD(0.3, momentum=0.7),
}
ROWS, COLUMNS, WIDE = 3, 37, 41  # a block of rows of a wider parameter


def updated(optimizer, arrays, gradient, *, scale=1.0, step=3, losses=(1.0, 2.0)):
    """A parameter and its states, as the kernel leaves them."""
    rates = np.zeros(updates.RATES, np.float32)
    write_rates(rates, rule_of(optimizer), optimizer, step)
    rates[1] = scale
    arrays = [array.copy() for array in arrays]
    parameter, *states = arrays
    first, second = [*states, np.zeros(1), np.zeros(1)][:2]
    run_entry(
        updates.update_kernel(rule_of(optimizer)),
        *(parameter, gradient.copy(), first, second, rates, np.array(losses)),
        *(ROWS, COLUMNS, WIDE, COLUMNS, len(losses)),
    )
    return arrays


def before(optimizer):
    """A parameter, and states as they stand after a while."""
    value = floats(ROWS, WIDE)
    names = optimizer.initial_state(Parameter(value))
    return [value, *(floats(ROWS, WIDE, seed=5 + n) ** 2 for n in range(len(names)))]


@pytest.mark.parametrize("scale", [1.0, 0.37])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_is_the_plain_optimizers_to_the_bit(name, scale):
    optimizer = OPTIMIZERS[name]
    arrays, gradient = before(optimizer), floats(ROWS, COLUMNS, seed=1, nan=True)
    found = updated(optimizer, arrays, gradient, scale=scale)
    inner = [array[:, :COLUMNS].copy() for array in arrays]
    parameter = Parameter(inner[0])
    names = list(optimizer.initial_state(parameter))
    state = dict(zip(names, inner[1:], strict=True))
    with np.errstate(all="ignore"):
        optimizer.update(parameter, gradient * scale, state, 3)
    expected = [parameter.value, *(state[name] for name in names)]
    for array, new, old in zip(found, expected, arrays, strict=True):
        assert_same(array[:, :COLUMNS], new)
        assert_same(array[:, COLUMNS:], old[:, COLUMNS:])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_nothing_moves_when_a_loss_is_not_finite(name, loss):
    arrays = before(OPTIMIZERS[name])
    found = updated(OPTIMIZERS[name], arrays, floats(ROWS, COLUMNS), losses=(1.0, loss))
    for array, old in zip(found, arrays, strict=True):
        assert_same(array, old)


@pytest.mark.parametrize("l2", [0.0, 0.25])
@pytest.mark.parametrize("lanes", [0, 1, 3])
def test_lanes_are_added_in_order_then_the_l2_term(lanes, l2):
    parameter = floats(ROWS, WIDE)
    gradient = floats(ROWS, COLUMNS, seed=1)
    tiles = floats(max(lanes, 1), ROWS, COLUMNS, seed=2)
    expected = gradient.copy() if lanes == 0 else tiles[0].copy()
    for lane in tiles[1:lanes]:
        expected += lane
    if l2:
        expected += np.float32(l2) * parameter[:, :COLUMNS]
    squares = np.full(2, -1.0)
    run_entry(
        updates.finish_gradient,
        *(tiles, gradient, parameter, np.array([l2], np.float32), squares),
        *(lanes, ROWS * COLUMNS, ROWS, COLUMNS, WIDE, COLUMNS, 1),
    )
    assert_same(gradient, expected)
    assert squares[0] == pytest.approx(sum_of_squares(expected), rel=1e-12)
    penalty = sum_of_squares(parameter[:, :COLUMNS]) if l2 else 0.0
    assert squares[1] == pytest.approx(penalty, rel=1e-12)


def test_squares_do_not_overflow():
    values = np.full(100, 1e30, np.float32)
    exact = 100 * float(values[0]) ** 2
    for function in (updates.sum_of_squares, updates.sum_of_squares.py_func):
        assert function(values, 100) == pytest.approx(exact, rel=1e-12)
