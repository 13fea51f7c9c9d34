import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.losses import L2
from handgrad.parameter import Parameter


def some_parameters(xp=np):
    rng = np.random.default_rng(0)
    shapes = {
        "conv2d_1.weight": (2, 1, 3, 3),
        "conv2d_1.bias": (2,),
        "batch_norm2d_1.weight": (2,),
        "batch_norm2d_1.bias": (2,),
        "residual_1.body.linear_1.weight": (4, 3),
        "linear_1.bias": (4,),
    }
    return {
        name: Parameter(xp.asarray(rng.normal(size=shape)))
        for name, shape in shapes.items()
    }


TOUCHED = ["conv2d_1.weight", "residual_1.body.linear_1.weight"]


@pytest.mark.parametrize("factor", [0.5, 1.0])
def test_the_penalty_is_the_sum_of_squared_weights(factor):
    parameters = some_parameters()
    squares = sum(
        float(entry) ** 2 for name in TOUCHED for entry in parameters[name].value.flat
    )
    penalty = L2(3.14, factor).penalty(parameters)
    assert type(penalty) is float
    assert penalty == pytest.approx(factor * 3.14 * squares, rel=1e-13)


@pytest.mark.parametrize("factor", [0.5, 1.0])
def test_the_gradient_equals_autograd_and_leaves_biases_and_batch_norm_alone(factor):
    parameters = some_parameters()
    gradients = L2(0.1, factor).gradients(parameters)
    assert list(gradients) == TOUCHED
    for name, gradient in gradients.items():
        theirs = torch.tensor(parameters[name].value, requires_grad=True)
        (factor * 0.1 * torch.sum(theirs**2)).backward()
        np.testing.assert_allclose(gradient, theirs.grad, rtol=1e-14)


def test_squares_beyond_float32_stay_finite():
    weight = Parameter(np.full((1, 2), 1e30, dtype=np.float32))
    l2 = L2(1.0)
    assert l2.penalty({"weight": weight}) == pytest.approx(1e60, rel=1e-6)
    assert l2.gradients({"weight": weight})["weight"].dtype == np.float32


@pytest.mark.parametrize("xp", [torch, array_api_strict])
def test_other_array_libraries_give_the_same(xp):
    ours, theirs = some_parameters(), some_parameters(xp)
    l2 = L2(0.1)
    assert l2.penalty(theirs) == pytest.approx(l2.penalty(ours), rel=1e-13)
    for name, gradient in l2.gradients(theirs).items():
        np.testing.assert_array_equal(np.asarray(gradient), l2.gradients(ours)[name])


def test_the_penalty_without_weights_is_zero():
    assert L2(1.0).penalty({}) == 0.0


@pytest.mark.parametrize("strength", [-1.0, float("nan"), float("inf")])
def test_the_strength_is_not_negative(strength):
    with pytest.raises(ConfigError, match="strength of at least 0"):
        L2(strength)


@pytest.mark.parametrize("factor", [-0.5, float("nan"), float("inf")])
def test_the_factor_is_not_negative(factor):
    with pytest.raises(ConfigError, match="factor of at least 0"):
        L2(1.0, factor)


def test_parameters_of_other_names_are_exempt():
    matrix = Parameter(np.ones((2, 2)))
    assert L2(1.0).penalty({"a.scale": matrix, "b.weights": matrix}) == 0.0


def test_repr():
    assert repr(L2(0.001)) == "L2(0.001, factor=0.5)"


def test_a_strength_and_a_factor_whose_product_is_beyond_float32_are_refused():
    term = L2(3e38, 1.0)
    with pytest.raises(ConfigError, match=r"2 \* factor \* strength.*3\.4"):
        term.gradients({"weight": Parameter(np.ones((2, 2)))})
