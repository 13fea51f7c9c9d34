from copy import deepcopy

import numpy as np
import pytest
from beartype import beartype
from jaxtyping import Float, TypeCheckError, jaxtyped

from checked_once import kind, kind_if_certain
from handgrad.arrays import Array
from handgrad.layers import Linear
from handgrad.randomness import Key
from shape_checks import carries_axes, check_axes


def test_annotations_of_shapes_are_checked_in_tests():
    layer = Linear(4, 3, key=Key(0))
    with pytest.raises(TypeCheckError, match="inputs"):
        layer.forward(np.zeros(4, dtype=np.float32))
    with pytest.raises(TypeCheckError, match="d_outputs"):
        layer.backward(np.zeros((2, 3), dtype=int), np.zeros((2, 4)))


def test_one_axis_name_is_one_size():
    layer = Linear(4, 3, key=Key(0))
    with pytest.raises(TypeCheckError, match="batch"):
        layer.backward(np.zeros((2, 3)), np.zeros((5, 4)))


def test_only_functions_with_axes_are_checked():
    def plain(size: int) -> int:
        return size

    assert check_axes(plain) is plain
    assert carries_axes(tuple[Float[Array, "batch"], int])
    assert carries_axes(Float[Array, "batch"] | None)
    assert not carries_axes(tuple[int, str])


def test_what_has_passed_once_is_checked_when_it_changes():
    """A result of another shape is noticed, and the function is called once for it."""
    results = [np.zeros(3), np.zeros(3), np.zeros(4)]
    calls = []

    def taken(values: Float[Array, "count"]) -> Float[Array, "count"]:
        calls.append(values)
        return results[len(calls) - 1]

    called = jaxtyped(typechecker=beartype)(taken)
    called(np.zeros(3))
    called(np.zeros(3))
    with pytest.raises(TypeCheckError, match="return value"):
        called(np.zeros(3))
    assert len(calls) == 3
    with pytest.raises(TypeCheckError, match="values"):
        called(np.zeros((3, 1)))
    with pytest.raises(TypeCheckError, match="values"):
        called(values=np.zeros(3, dtype=int))
    with pytest.raises(TypeCheckError, match="values"):
        called([0.0, 0.0, 0.0])
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros(3), np.zeros(4)),
        (np.zeros(3), np.zeros(3, np.float32)),
        ((np.zeros(3), 1), (np.zeros(4), 1)),
        ([np.zeros(3)], (np.zeros(3),)),
        ({"a": np.zeros(3)}, {"a": np.zeros(4)}),
        ({"a": 1}, {"b": 1}),
        (1, True),
        ("a", "b"),
        (None, 0),
    ],
)
def test_other_kinds_of_values_differ(one, other):
    assert kind(one) == kind(deepcopy(one))
    assert kind(one) != kind(other)
    assert kind_if_certain([one] * 100) is None
