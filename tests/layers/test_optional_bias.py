import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.layers.optional_bias import weight_and, zeros_if
from handgrad.parameter import Parameter


def test_a_bias_is_zeros_or_nothing():
    made = zeros_if("Linear", True, 3)
    np.testing.assert_array_equal(made.value, np.zeros(3, dtype=np.float32))
    assert zeros_if("Linear", False, 3) is None


def test_the_weight_comes_first():
    weight, bias = Parameter(np.ones((2, 2))), Parameter(np.ones(2))
    assert list(weight_and(bias, weight).items()) == [
        ("weight", weight),
        ("bias", bias),
    ]
    assert weight_and(None, weight) == {"weight": weight}


def test_anything_but_a_boolean_is_refused():
    with pytest.raises(ConfigError, match="Linear takes bias as True or False, got 1"):
        zeros_if("Linear", 1, 3)
