from pathlib import Path

import pytest

import handgrad
from handgrad import catalog, losses
from handgrad.inspection.equations import (
    cache_name,
    equation_line,
    equation_of,
    equations_of,
)
from handgrad.layers import (
    AveragePool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Sequential,
    Softmax,
)
from handgrad.randomness import Key

LAYERS = [
    *(catalog.build("activation", name, {}) for name in catalog.ACTIVATIONS),
    *(BatchNorm2d(2), Conv2d(1, 2, 3), Linear(3, 2, key=Key(0)), Dropout(0.5)),
    *(MaxPool2d(2), AveragePool2d(2), Flatten(), Softmax(), Residual(ReLU())),
    Sequential([ReLU()]),
]
LOSSES = [
    losses.SoftmaxCrossEntropy(), losses.MulticlassSVM(), losses.MeanSquaredError()
]  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
@pytest.mark.parametrize("training", [False, True])
def test_every_layer_has_its_equations(layer, training):
    equations = equations_of(layer)
    for name in ("outputs", "d_inputs", *(f"d_{name}" for name in parameters(layer))):
        assert equation_of(equations, name, training=training), name
    assert "Cache" not in equations
    assert not equations.startswith(("\n", " "))


def parameters(layer):
    """Names of a layer's own parameters, not those of its parts."""
    return [name for name in layer.parameters() if "." not in name]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_every_loss_has_its_equations(loss):
    equations = equations_of(loss)
    for name in ("loss", "d_logits"):
        assert equation_of(equations, name, training=True)


def test_an_equation_is_found_by_name():
    linear, relu = equations_of(Linear(3, 2)), equations_of(ReLU())
    assert equation_of(linear, "outputs", training=False) == "inputs @ weight.T + bias"
    assert equation_of(linear, "d_weight", training=True) == "d_outputs.T @ inputs"
    assert equation_of(linear, "weight", training=True) == ""
    assert equation_of(relu, "d_inputs", training=True) == (
        "d_outputs where outputs > 0, else 0 (at exactly 0 the slope is taken to be 0)"
    )
    kernel = equations_of(Conv2d(1, 1, 1))
    assert equation_of(kernel, "d_weight", training=True) == "d_outputs @ pixels[tap].T"


def test_prediction_has_equations_of_its_own():
    dropout, norm = equations_of(Dropout(0.5)), equations_of(BatchNorm2d(2))
    assert equation_of(dropout, "outputs", training=False) == "inputs"
    assert equation_of(dropout, "outputs", training=True) == (
        "inputs / (1 - rate) where mask, else 0"
    )
    assert equation_of(norm, "d_inputs", training=False) == "inverse_std * d_normalized"
    assert "mean of d_normalized" in equation_of(norm, "d_inputs", training=True)
    assert equation_of(norm, "outputs", training=False) == "weight * normalized + bias"


def test_names_are_no_patterns():
    assert equation_of("cache[0] = 2", "cache[0]", training=True) == "2"
    assert equation_of("outputs = 2", "a(b", training=True) == ""


def test_both_definitions_of_a_name_are_found():
    svm = equations_of(losses.MulticlassSVM())
    assert equation_of(svm, "d_logits", training=True) == (
        "active / batch at a wrong class; "
        "-(sum of active over the row) / batch at the true class"
    )


def test_a_subclass_does_not_inherit_equations():
    class Twice(ReLU):
        pass

    assert equations_of(Twice()) == ""
    assert equation_of("", "outputs", training=True) == ""


def test_a_single_array_in_the_cache_is_named_by_backward():
    assert cache_name(Linear(3, 2)) == "inputs"
    assert cache_name(ReLU()) == "outputs"
    assert cache_name(Dropout(0.5)) == "mask"


def test_the_line_of_a_gradient_is_found_in_the_source():
    for layer in (Linear(3, 2), Conv2d(1, 1, 1)):
        file, line, text = equation_line(layer, "weight")
        path = Path(handgrad.__file__).parents[1] / file
        assert path.read_text().splitlines()[line - 1].strip() == text
        assert text.startswith("d_weight =")
    assert "d_bias" in equation_line(Linear(3, 2), "bias")[2]
