import tracemalloc
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from handgrad import initializers
from handgrad.initializers import fans
from handgrad.randomness import Key

KEY = Key(0).child("weight")
LINEAR, CONVOLUTION = (120, 300), (64, 32, 3, 3)

# name: the initializer, its distribution and its scale from fan_in and fan_out
RANDOM = {
    "normal": (initializers.normal(0.3), "norm", lambda into, out: 0.3),
    "uniform": (initializers.uniform(0.3), "uniform", lambda into, out: 0.3),
    "he_normal": (initializers.he_normal, "norm", lambda into, out: sqrt(2 / into)),
    "he_uniform": (
        initializers.he_uniform,
        "uniform",
        lambda into, out: sqrt(6 / into),
    ),
    "glorot_normal": (
        initializers.glorot_normal,
        "norm",
        lambda into, out: sqrt(2 / (into + out)),
    ),
    "glorot_uniform": (
        initializers.glorot_uniform,
        "uniform",
        lambda into, out: sqrt(6 / (into + out)),
    ),
}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((10, 784), (784, 10)),
        ((6, 1, 5, 5), (25, 150)),
        ((16, 6, 5, 3), (90, 240)),
        ((7,), (1, 7)),
    ],
)
def test_fans_by_hand(shape, expected):
    assert fans(shape) == expected


@given(shape=st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple))
def test_fans_count_connections(shape):
    """Entries that lead into one output unit, and out of one input unit."""
    places = list(np.ndindex(*shape))
    into = sum(place[0] == 0 for place in places)
    out = sum(place[1] == 0 for place in places)
    assert fans(shape) == (into, out)


@pytest.mark.parametrize("shape", [LINEAR, CONVOLUTION], ids=["linear", "convolution"])
@pytest.mark.parametrize("name", RANDOM)
def test_has_its_distribution(name, shape):
    initializer, distribution, scale_of = RANDOM[name]
    scale = scale_of(*fans(shape))
    values = initializer(shape, KEY)
    assert values.shape == shape
    assert values.dtype == np.float32
    place = (0, scale) if distribution == "norm" else (-scale, 2 * scale)
    assert kstest(values.reshape(-1), distribution, args=place).pvalue > 1e-4


@pytest.mark.parametrize("name", RANDOM)
def test_has_its_mean_and_variance(name):
    initializer, distribution, scale_of = RANDOM[name]
    scale = scale_of(*fans(LINEAR))
    var = scale**2 if distribution == "norm" else scale**2 / 3
    values = initializer(LINEAR, KEY).astype(np.float64)
    # five standard deviations of a mean of squares: sqrt(2) of a normal's at most
    assert abs(values.mean()) < 5 * sqrt(var / values.size)
    assert abs(np.mean(values**2) / var - 1) < 5 * sqrt(2 / values.size)


@pytest.mark.parametrize("name", [n for n in RANDOM if n.endswith("uniform")])
def test_uniform_values_keep_their_limit(name):
    initializer, _, scale_of = RANDOM[name]
    limit = scale_of(*fans(LINEAR))
    assert np.abs(initializer(LINEAR, KEY)).max() <= np.float32(limit)


@pytest.mark.parametrize("name", RANDOM)
def test_is_a_function_of_its_key(name):
    initializer = RANDOM[name][0]
    values = initializer(LINEAR, KEY)
    np.testing.assert_array_equal(initializer(LINEAR, KEY), values)
    for other in (Key(1).child("weight"), Key(0).child("bias"), KEY.at(1)):
        assert np.mean(initializer(LINEAR, other) == values) < 0.01


def test_variances_of_the_two_forms_are_equal():
    pairs = (
        (initializers.he_normal, initializers.he_uniform),
        (initializers.glorot_normal, initializers.glorot_uniform),
    )
    for one, other in pairs:
        ratio = one(CONVOLUTION, KEY).var() / other(CONVOLUTION, KEY).var()
        assert ratio == pytest.approx(1, abs=0.05)


def test_he_keeps_the_scale_through_rectified_layers():
    """The reason for the 2: half of each layer's numbers are cut off."""
    values = np.random.default_rng(0).normal(size=(64, 256))
    before = np.mean(values**2)
    for depth in range(10):
        weight = initializers.he_normal((256, 256), KEY.child(f"layer_{depth}"))
        values = np.maximum(values @ weight.T, 0)
    assert 1 / 3 < np.mean(values**2) / before < 3


def test_zeros_are_zeros_whatever_the_key():
    for key in (KEY, Key(5)):
        values = initializers.zeros((3, 4), key)
        assert values.dtype == np.float32
        assert values.shape == (3, 4)
        assert not values.any()


def test_a_scale_of_zero_gives_zeros():
    assert not initializers.normal(0)((3, 4), KEY).any()
    assert not initializers.uniform(0)((3, 4), KEY).any()


def test_drawing_a_large_weight_takes_little_more_than_the_weight():
    tracemalloc.start()
    try:
        weight = initializers.he_normal((1024, 2048), KEY)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert weight.nbytes <= most < 2 * weight.nbytes
