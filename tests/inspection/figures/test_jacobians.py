import numpy as np

from handgrad.inspection.figures.jacobians import jacobians
from handgrad.inspection.jacobians import jacobians as derive
from handgrad.models import perceptron
from handgrad.randomness import Key, normal


def test_each_has_a_panel_with_its_numbers_and_its_error():
    model = perceptron(hidden=5, classes=3, input_shape=(1, 2, 3))
    found = derive(model, normal(Key(1), (1, 2, 3)))
    for axes, one in zip(jacobians(found).axes, found, strict=True):
        (image,) = axes.images
        np.testing.assert_array_equal(
            image.get_array(), one.value.reshape(len(one.value), -1)
        )
        assert axes.get_title(loc="left") == f"{one.name} = {one.equation}"
        assert axes.get_xlabel() == ""
        assert f"{one.max_error:.0e}" in axes.texts[0].get_text()


def test_a_large_jacobian_is_drawn_in_part_and_labelled_so():
    model = perceptron(hidden=70, classes=3, input_shape=(1, 2, 3))
    last = jacobians(derive(model, np.zeros((1, 2, 3)), columns=3)).axes[-1]
    assert last.images[0].get_array().shape == (10, 60)
    assert last.get_xlabel() == "first 10 rows and 60 columns"
