import numpy as np
import pytest

from handgrad import catalog
from handgrad.errors import ConfigError
from handgrad.inspection.activation_functions import activation_functions

KINKS = {  # of the values or of the slopes
    "elu": (0,),
    "hardsigmoid": (-3, 3),
    "hardswish": (-3, 3),
    "leaky_relu": (0,),
    "relu": (0,),
    "relu6": (0, 6),
}


@pytest.fixture(scope="module")
def curves():
    return {curve.name: curve for curve in activation_functions()}


def test_every_activation_of_the_catalogue_has_a_curve(curves):
    assert set(curves) == set(catalog.ACTIVATIONS)


def test_gradients_are_the_slopes_of_the_values(curves):
    for name, curve in curves.items():
        away = [np.abs(curve.inputs - kink) > 0.02 for kink in KINKS.get(name, ())]
        smooth = np.all([*away, np.isfinite(curve.inputs)], axis=0)
        slopes = np.gradient(curve.outputs, curve.inputs, edge_order=2)
        np.testing.assert_allclose(
            curve.gradients[smooth], slopes[smooth], atol=1e-4, err_msg=name
        )


def test_the_sigmoid_is_steepest_in_the_middle_and_flat_over_half_the_range(curves):
    assert curves["sigmoid"].steepest == pytest.approx((0.25, 0.0))
    assert 0.5 < curves["sigmoid"].flat_share < 0.6
    assert curves["leaky_relu"].flat_share == 0


def test_mistakes_are_sentences():
    with pytest.raises(ConfigError, match="Did you mean 'relu'"):
        activation_functions(["rellu"])
    with pytest.raises(ConfigError, match="range from low to high"):
        activation_functions(low=1, high=1)
