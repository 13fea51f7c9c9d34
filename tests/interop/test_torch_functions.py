"""Functions of torch become modules with the same settings, or are refused."""

import pytest
from torch import nn

from handgrad.interop.torch_functions import KINDS, Pixels, hardtanh
from handgrad.torch_modules import UnsupportedError


def test_arguments_keep_their_order():
    pool = KINDS["max_pool2d"](3, 2, 1, 1, True)
    assert (pool.stride, pool.ceil_mode, pool.return_indices) == (2, True, False)
    assert KINDS["pad"]([1, 2], value=3.0).padding == (1, 2, 0, 0)
    assert KINDS["dropout"](0.2, False, True).inplace


def test_limits_of_relu():
    assert type(hardtanh(0, 6)) is nn.ReLU6
    assert type(KINDS["clamp"](min=0)) is nn.ReLU


def test_reshapes():
    assert KINDS["view"](-1, 12).features == 12
    index = slice(None), slice(None), None, None
    assert isinstance(KINDS["getitem"](index), Pixels)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("hardtanh", ()),
        ("clamp", (0, 1)),
        ("dropout", (0.5,)),
        ("view", (2, -1)),
        ("getitem", (0,)),
        ("pad", ([1] * 6,)),
        ("pad", ([1] * 4, "reflect")),
        ("unsqueeze", (0,)),
    ],
)
def test_other_arguments_are_refused(name, arguments):
    with pytest.raises(UnsupportedError):
        KINDS[name](*arguments)
