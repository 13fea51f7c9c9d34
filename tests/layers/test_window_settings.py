from functools import partial

import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.layers import AveragePool2d, Conv2d, MaxPool2d


def test_pooling_pads_by_at_most_half_the_kernel():
    assert MaxPool2d(4, padding=2).padding == (2, 2)
    with pytest.raises(ConfigError, match="give 1 or less"):
        MaxPool2d(3, padding=2)


@pytest.mark.parametrize("make", [partial(Conv2d, 1, 2), MaxPool2d, AveragePool2d])
def test_an_assigned_setting_is_used(make):
    layer, given = make(3), make((2, 4), stride=3, padding=1)
    layer.kernel_size, layer.stride, layer.padding = (2, np.int64(4)), 3, [1, 1]
    assert layer.windows == given.windows
    assert (layer.kernel_size, layer.stride, layer.padding) == ((2, 4), (3, 3), (1, 1))


@pytest.mark.parametrize("name", ["kernel_size", "stride", "padding"])
@pytest.mark.parametrize("value", [-1, 1.5, None, "3", (1, 2, 3), True])
def test_an_invalid_assigned_setting_is_refused(name, value):
    layer = MaxPool2d(3)
    with pytest.raises(ConfigError, match=f"MaxPool2d takes {name} as an integer"):
        setattr(layer, name, value)
    assert layer.windows == MaxPool2d(3).windows


def test_other_settings_stay_when_one_is_assigned():
    layer = Conv2d(1, 2, 3, dilation=2)
    layer.padding = ((1, 2), 3)
    assert (layer.dilation, layer.padding) == ((2, 2), ((1, 2), (3, 3)))
    pool = AveragePool2d(3, ceil_mode=True)
    pool.stride = 2
    assert pool.ceil_mode
    with pytest.raises(ConfigError, match="takes ceil_mode as True or False, got 1"):
        pool.ceil_mode = 1
    with pytest.raises(ConfigError, match="give 1 or less"):
        pool.padding = ((0, 2), 0)
