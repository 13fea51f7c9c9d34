import numpy as np
import pytest

from handgrad.errors import ShapeError
from handgrad.layers import BatchNorm1d, Concatenate, Linear, Multiply, Residual
from handgrad.layers.branches import body_and_shortcut, named, shape_of
from handgrad.randomness import Key

KEY = Key(0)


def parts():
    return Linear(3, 3, key=KEY), BatchNorm1d(3)


@pytest.mark.parametrize("kind", [Residual, Multiply])
def test_parameters_and_buffers_are_named_after_their_branch(kind):
    layer = kind(*parts())
    assert list(layer.parts()) == ["body", "shortcut"]
    assert list(layer.parameters()) == [
        *("body.weight", "body.bias", "shortcut.weight", "shortcut.bias"),
    ]
    assert list(layer.buffers()) == ["shortcut.running_mean", "shortcut.running_var"]
    assert list(kind(parts()[0]).parts()) == ["body"]
    assert body_and_shortcut(layer) == layer.parts()


def test_branches_of_a_concatenation_are_numbered():
    layer = Concatenate(parts())
    assert list(layer.parts()) == ["branch_1", "branch_2"]
    assert list(layer.buffers()) == ["branch_2.running_mean", "branch_2.running_var"]


def test_an_error_names_the_branch():
    with pytest.raises(ShapeError, match=r"^gate: Linear\(3, 3\) takes"):
        shape_of("gate", Linear(3, 3), (4,))
    assert named("gate", {"weight": 1}) == {"gate.weight": 1}


def test_no_two_branches_start_with_equal_weights():
    for layer in (
        Multiply(Linear(3, 3), Linear(3, 3)),
        Concatenate([Linear(3, 3), Linear(3, 3)]),
    ):
        one, other = (part.weight.value for part in layer.parts().values())
        assert np.any(one != other)
