"""One table says what a layer needs: it knows exact types, and nobody else does."""

import ast

import pytest
from tests.test_architecture import SOURCE

from handgrad.engine.kernels import activations
from handgrad.engine.lowering.node import Part
from handgrad.engine.lowering.pooling import LARGEST_WINDOW
from handgrad.engine.lowering.table import PLAIN, TABLE, row_of
from handgrad.layers import (
    GELU,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
)
from handgrad.randomness import Key

from ..altered import LAYER_CLASSES

WITHOUT_KERNELS = {
    *("Concatenate", "ELU", "GroupNorm", "Hardsigmoid", "Hardswish", "LayerNorm"),
    *("Multiply", "ReLU6", "Sequential", "Softmax"),
}
CONTAINERS = {"Sequential", "Residual"}


class OwnReLU(ReLU):
    """The same, under another name."""


class OwnLinear(Linear):
    """The same, under another name."""


def test_every_public_layer_has_a_row_or_is_named_here():
    assert {kind.__name__ for kind in TABLE} == set(LAYER_CLASSES) - WITHOUT_KERNELS


@pytest.mark.parametrize("layer", [ReLU(), GELU("tanh"), LeakyReLU(0.1), MaxPool2d(15)])
def test_a_layer_has_the_row_of_its_class(layer):
    assert row_of(layer) is TABLE[type(layer)]


@pytest.mark.parametrize(
    "layer",
    [
        *(OwnReLU(), OwnLinear(2, 2, key=Key(0)), Softmax(), LeakyReLU(0.0)),
        *(Sequential([]), None, MaxPool2d((LARGEST_WINDOW + 1, 1))),
    ],
)
def test_a_subclass_and_settings_that_kernels_cannot_do_go_to_the_plain_layers(layer):
    assert row_of(layer) is PLAIN


@pytest.mark.parametrize("name", ["forward", "backward", "parameters", "output_shape"])
def test_an_object_with_a_method_of_its_own_does_too(name):
    layer = ReLU()
    setattr(layer, name, getattr(layer, name))
    assert row_of(layer) is PLAIN
    layer = ReLU()
    layer.note = "an attribute that the class does not have changes nothing"
    assert row_of(layer) is TABLE[ReLU]


@pytest.mark.parametrize(
    ("layer", "activation"),
    [
        (ReLU(), activations.RELU),
        (LeakyReLU(0.1), activations.LEAKY),
        (LeakyReLU(0.0), None),
        (Sigmoid(), activations.SIGMOID),
        (Tanh(), activations.TANH),
        (GELU(), activations.GELU),
        (GELU("tanh"), activations.GELU_TANH),
        (SiLU(), activations.SILU),
        (OwnReLU(), None),
        (Softmax(), None),
        (Flatten(), None),
        (Linear(1, 1, key=Key(0)), None),
    ],
)
def test_an_activation_has_its_kernel_and_no_other_layer_has(layer, activation):
    assert Part("", layer, row_of(layer)).activation is activation


# Checks of a network and of its arrays, before anything is lowered: they look into
# what holds other layers, and at the shapes of parameters.
BEFORE_LOWERING = {
    "network_check.py": CONTAINERS,
    "network_layers.py": CONTAINERS,
    "planned_bytes.py": {"Flatten"},  # which returns its inputs, as seen in shapes
    "parameter_check.py": CONTAINERS
    | {"BatchNorm1d", "BatchNorm2d", "Conv2d", "GroupNorm", "LayerNorm", "Linear"},
}
NETWORK = {"Sequential"}  # what an engine is made of


def decides_by(tree):
    """The layer classes that a module names anywhere but in an annotation."""
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.ImportFrom) and "handgrad.layers" in node.module:
            imported |= {alias.asname or alias.name for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in imported & set(LAYER_CLASSES):
            yield node.id
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "layers":
            yield from {node.attr} & set(LAYER_CLASSES)


def test_no_other_module_of_the_engine_decides_by_the_type_of_a_layer():
    paths = [path for path in (SOURCE / "engine").rglob("*.py") if path.stem != "table"]
    assert len(paths) > 50
    for path in paths:
        allowed = NETWORK | BEFORE_LOWERING.get(path.name, set())
        assert set(decides_by(ast.parse(path.read_text()))) <= allowed, path.name


@pytest.mark.parametrize(
    "source",
    ["isinstance(x, ReLU)", "type(x) is layers.Conv2d", "T: dict = {ReLU: 1}"],
)
def test_a_module_that_does_is_seen(source):
    imports = "from handgrad.layers import ReLU\n"
    assert list(decides_by(ast.parse(imports + source)))
    annotated = "def f(x: ReLU) -> ReLU:\n    y: ReLU = x"
    assert not list(decides_by(ast.parse(imports + annotated)))
