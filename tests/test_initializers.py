import tracemalloc
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.fft import dctn
from scipy.stats import kstest

from handgrad import initializers
from handgrad.errors import ConfigError
from handgrad.initializers import fans
from handgrad.layers import Linear
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


def markov(shape):
    """Covariance of a patch of a Markov process, (entries, entries)."""
    parts = [
        decay ** abs(np.subtract.outer(range(size), range(size)))
        for size, decay in zip(shape, (0.85, 0.95, 0.95), strict=True)
    ]
    return np.kron(np.kron(parts[0], parts[1]), parts[2])


@pytest.mark.parametrize("patch", [(3, 2, 2), (1, 2, 2), (3, 3, 2), (1, 1, 1)])
def test_whitening_makes_features_of_one_variance_and_their_negatives(patch):
    """The DCT of neighbours leaves little correlation: only odd with odd patterns."""
    half = np.prod(patch)
    weight = initializers.whitening((2 * half, *patch), KEY).reshape(2 * half, -1)
    assert weight.dtype == np.float32
    np.testing.assert_array_equal(weight[half:], -weight[:half])
    found = weight[:half] @ markov(patch) @ weight[:half].T
    variances = np.diag(found)
    assert (np.diff(variances) <= 1e-4).all()
    own = variances / (weight[:half] ** 2).sum(axis=1)  # of the unscaled patterns
    np.testing.assert_allclose(variances, own / (own + 5e-4), rtol=1e-3)
    rest = found - np.diag(variances)
    assert abs(rest).max() < (0.25 if 3 in patch else 1e-4)


def test_whitening_filters_are_those_of_the_discrete_cosine_transform():
    weight = initializers.whitening((24, 3, 2, 2), KEY)[:12]
    for one in weight:
        found = dctn(one.astype(np.float64), norm="ortho")
        assert (abs(found) > 1e-4 * abs(found).max()).sum() == 1


@pytest.mark.parametrize("outputs", [1, 5, 24, 31])
def test_whitening_has_as_many_outputs_as_asked_for(outputs):
    weight = initializers.whitening((outputs, 3, 2, 2), KEY)
    plus = min(-(-outputs // 2), 12)
    minus = min(outputs - plus, 12)
    whole = initializers.whitening((24, 3, 2, 2), KEY)
    np.testing.assert_array_equal(weight[:plus], whole[:plus])
    np.testing.assert_array_equal(weight[plus : plus + minus], -whole[:minus])
    drawn = initializers.he_normal((outputs, 3, 2, 2), KEY)
    np.testing.assert_array_equal(weight[24:], drawn[24:])


@pytest.mark.parametrize("shape", [(3, 4), (3,), (2, 1025, 1, 1), (2, 1, 2000, 1)])
def test_whitening_is_for_first_convolutions(shape):
    with pytest.raises(ConfigError, match="weight of a convolution"):
        initializers.whitening(shape, KEY)


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "he", None])
@pytest.mark.parametrize(("make", "name"), [("normal", "std"), ("uniform", "limit")])
def test_a_scale_is_a_finite_number_of_at_least_0(make, name, value):
    with pytest.raises(ConfigError, match=f"{make} takes {name} "):
        getattr(initializers, make)(value)


@pytest.mark.parametrize("value", ["he", "he_normal", 0.1, None])
def test_an_initializer_is_a_function(value):
    with pytest.raises(ConfigError, match="such as he_normal or normal"):
        Linear(3, 4, initializer=value)


@pytest.mark.parametrize("value", [initializers.normal, lambda shape: np.zeros(shape)])
def test_an_initializer_takes_a_shape_and_a_key(value):
    """`normal` for `normal(0.01)`, in particular; it failed where weights were read."""
    with pytest.raises(ConfigError, match=f"got the function {value.__name__}. Give"):
        Linear(3, 4, initializer=value)
