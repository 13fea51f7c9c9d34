import pytest

from handgrad.engine.kernels import activations
from handgrad.engine.lowering.elementwise import kind_of
from handgrad.layers import (
    GELU,
    Flatten,
    LeakyReLU,
    Linear,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from handgrad.randomness import Key

from ..networks import NETWORKS, cpu_engine


class OwnReLU(ReLU):
    """A user's own, of which the engine knows nothing."""


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        (ReLU(), activations.RELU),
        (LeakyReLU(0.1), activations.LEAKY),
        (Sigmoid(), activations.SIGMOID),
        (Tanh(), activations.TANH),
        (GELU(), activations.GELU),
        (GELU("tanh"), activations.GELU_TANH),
    ],
)
def test_every_activation_has_its_kernel(layer, kind):
    assert kind_of(layer) == kind


@pytest.mark.parametrize(
    "layer",
    [OwnReLU(), LeakyReLU(0.0), Softmax(), Flatten(), Linear(1, 1, key=Key(0))],
)
def test_no_other_layer_has(layer):
    """Nor a leaky ReLU whose outputs would not tell the sign of its inputs."""
    assert kind_of(layer) is None


def test_a_gradient_that_comes_as_a_matrix_is_copied_for_a_convolution():
    shown = repr(cpu_engine(NETWORKS["convolution to linear"]).training.program)
    assert "d_conv2d_1 outputs copied" in shown
    shown = repr(cpu_engine(NETWORKS["lenet"]).training.program)
    assert "copied" not in shown


def test_dropout_of_nothing_costs_nothing():
    shown = repr(cpu_engine(NETWORKS["dropout of nothing"]).training.program)
    assert "dropout" not in shown


def test_logits_that_a_layer_has_kept_are_copied_for_the_loss():
    assert "logits copied" in repr(
        cpu_engine(NETWORKS["activation last"]).training.program
    )
    assert "logits copied" not in repr(cpu_engine(NETWORKS["deep"]).training.program)
