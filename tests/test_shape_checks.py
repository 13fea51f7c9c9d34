import numpy as np
import pytest
from jaxtyping import Float, TypeCheckError

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
