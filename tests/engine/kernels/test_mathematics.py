import numpy as np
import pytest
from numba import njit
from scipy.special import erf

from handgrad.engine.kernels import mathematics


def over(function):
    """The function over a whole array, compiled with it."""

    @njit(error_model="numpy")
    def loop(values, outputs):
        for place in range(len(values)):
            outputs[place] = function(values[place])

    def apply(values):
        outputs = np.empty_like(values)
        loop(values, outputs)
        return outputs

    return apply


@pytest.fixture(scope="module")
def functions():
    names = ("fast_exp", "fast_tanh", "fast_erf", "fast_sigmoid")
    return {name: over(getattr(mathematics, name)) for name in names}


def every_float(step=4099):
    """Numbers of every size and sign: each step-th bit pattern that is finite."""
    bits = np.arange(0, 2**32, step, dtype=np.uint64).astype(np.uint32)
    values = bits.view(np.float32)
    return values[np.isfinite(values)]


def dense(low, high):
    """Many numbers of a range."""
    return np.linspace(low, high, 300_001).astype(np.float32)


def test_exp_is_right_to_two_units_in_the_last_place(functions):
    values = dense(-87.0, 88.0)
    exact = np.exp(values.astype(np.float64))
    found = functions["fast_exp"](values)
    assert (np.abs(found - exact) / np.spacing(exact.astype(np.float32))).max() < 2


def test_exp_saturates_and_never_overflows(functions):
    found = functions["fast_exp"](every_float())
    assert np.isfinite(found).all()
    assert found.min() > 0
    far = functions["fast_exp"](np.array([-np.inf, -1e4, 1e4, np.inf], np.float32))
    assert far[:2].max() < 2e-38
    assert far[2:].min() > 2e38
    assert functions["fast_exp"](np.zeros(1, np.float32))[0] == 1


@pytest.mark.parametrize(
    ("name", "exact", "bound"),
    [
        ("fast_tanh", np.tanh, 2e-7),
        ("fast_erf", erf, 7e-7),
        ("fast_sigmoid", lambda x: 0.5 * (1 + np.tanh(0.5 * x)), 2e-7),
    ],
)
def test_absolute_errors(functions, name, exact, bound):
    for values in (every_float(), dense(-12, 12), dense(-0.4, 0.4)):
        wide = exact(values.astype(np.float64))
        assert np.abs(functions[name](values) - wide).max() < bound


def test_tanh_keeps_its_digits_near_zero(functions):
    """So that a small gradient does not drown: the series, not the quotient."""
    values = every_float()
    values = values[(np.abs(values) < 0.35) & (np.abs(values) > 1e-37)]
    exact = np.tanh(values.astype(np.float64))
    assert (np.abs(functions["fast_tanh"](values) / exact - 1)).max() < 3e-7


@pytest.mark.parametrize("name", ["fast_tanh", "fast_erf"])
def test_odd_functions_are_odd_to_the_bit(functions, name):
    values = np.abs(every_float())
    if name == "fast_tanh":
        values = values[values < 0.35]  # the quotient rounds each side on its own
    np.testing.assert_array_equal(
        functions[name](-values)[values > 0], -functions[name](values)[values > 0]
    )


@pytest.mark.parametrize("name", ["fast_tanh", "fast_erf", "fast_sigmoid"])
def test_results_stay_within_their_limits(functions, name):
    found = functions[name](np.concatenate([every_float(), [-np.inf, np.inf]]))
    assert np.abs(found).max() <= 1


@pytest.mark.parametrize("name", ["fast_exp", "fast_tanh", "fast_erf", "fast_sigmoid"])
def test_nan_stays_nan(functions, name):
    assert np.isnan(functions[name](np.full(3, np.nan, np.float32))).all()


@pytest.mark.parametrize("name", ["fast_exp", "fast_tanh", "fast_erf", "fast_sigmoid"])
def test_a_place_in_a_vector_changes_no_bit(functions, name):
    """Whole registers and the rest after them: the same operations."""
    values = dense(-5, 5)[:1013]
    found = functions[name](values)
    for start in (1, 7, 15, 1010):
        np.testing.assert_array_equal(functions[name](values[start:]), found[start:])
