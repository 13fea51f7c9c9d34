from math import sqrt

import array_api_strict
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from handgrad.errors import ConfigError
from handgrad.optimizers import clip_by_norm, gradient_norm


@given(seed=st.integers(0, 999), max_norm=st.floats(0.01, 10))
def test_equals_torch(seed, max_norm):
    rng = np.random.default_rng(seed)
    gradients = {"a": rng.normal(size=(3, 2)), "b": rng.normal(size=4)}
    parameters = []
    for gradient in gradients.values():
        parameters.append(torch.zeros(gradient.shape, dtype=torch.float64))
        parameters[-1].grad = torch.tensor(gradient)
    reference = torch.nn.utils.clip_grad_norm_(parameters, max_norm).item()
    clipped, norm = clip_by_norm(gradients, max_norm)
    assert type(norm) is float
    assert norm == pytest.approx(reference, rel=1e-14)
    for mine, parameter in zip(clipped.values(), parameters, strict=True):
        # torch divides by norm + 1e-6
        np.testing.assert_allclose(mine, parameter.grad, rtol=1e-6 / norm + 1e-14)


def test_known_values():
    gradients = {"b": np.array([3.0]), "a": np.array([[4.0]])}
    clipped, norm = clip_by_norm(gradients, 1.0)
    assert norm == 5.0
    assert list(clipped) == ["b", "a"]
    assert clipped["b"] == pytest.approx(0.6)
    assert clipped["a"] == pytest.approx(0.8)
    assert gradients["b"] == 3.0


@given(seed=st.integers(0, 999), max_norm=st.floats(0.01, 10))
def test_the_norm_afterwards_is_at_most_the_limit(seed, max_norm):
    gradients = {"a": np.random.default_rng(seed).normal(size=20)}
    clipped, norm = clip_by_norm(gradients, max_norm)
    after = gradient_norm(clipped)
    assert after == pytest.approx(min(norm, max_norm), rel=1e-14)


def test_gradients_below_the_limit_are_unchanged():
    gradients = {"a": np.array([0.3, 0.4])}
    clipped, norm = clip_by_norm(gradients, 0.5 + 1e-9)
    assert norm == pytest.approx(0.5)
    assert clipped is gradients


@pytest.mark.parametrize("xp", [np, torch, array_api_strict])
def test_squares_beyond_float32_are_clipped_in_every_library(xp):
    gradients = {"a": xp.asarray([1e30, 1e30], dtype=xp.float32)}
    clipped, norm = clip_by_norm(gradients, 1.0)
    assert norm == pytest.approx(sqrt(2) * 1e30, rel=1e-6)
    assert clipped["a"].dtype == xp.float32
    np.testing.assert_allclose(np.asarray(clipped["a"]), sqrt(0.5), rtol=1e-6)


def test_the_norm_does_not_depend_on_the_order_of_the_names():
    rng = np.random.default_rng(0)
    gradients = {str(number): rng.normal(size=9) for number in range(50)}
    backwards = dict(reversed(gradients.items()))
    assert gradient_norm(gradients) == gradient_norm(backwards)


def test_a_norm_that_is_not_finite_is_returned():
    _, norm = clip_by_norm({"a": np.array([np.nan])}, 1.0)
    assert np.isnan(norm)


@pytest.mark.parametrize("max_norm", [0.0, -1.0, float("inf")])
def test_the_limit_is_positive(max_norm):
    with pytest.raises(ConfigError, match="max_norm above 0"):
        clip_by_norm({}, max_norm)
