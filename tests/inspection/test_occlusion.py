import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.inspection.occlusion import occlusion
from handgrad.layers import Flatten, Linear, Sequential

from .fitted import fitted

IMAGE = np.random.default_rng(0).random((2, 7, 9))


def network():
    """Class 1 depends on one pixel of the first channel alone."""
    model = Sequential([Flatten(), Linear(2 * 7 * 9, 2)])
    weight = np.zeros((2, 2, 7, 9))
    weight[1, 0, 2, 6] = 3.0
    linear = model.layers["linear_1"]
    linear.weight.value = weight.reshape(2, -1)
    linear.bias.value = np.zeros(2)
    return model


def probability(image):
    return 1 / (1 + np.exp(-3.0 * image[0, 2, 6]))


def test_a_square_lowers_the_probability_by_what_it_hides():
    found = occlusion(network(), IMAGE, side=3, stride=2)
    assert (found.tops, found.lefts) == ((0, 2, 4), (0, 2, 4, 6))
    hidden = IMAGE.copy()
    hidden[0, 2, 6] = IMAGE[0].mean()
    expected = probability(IMAGE) - probability(hidden)
    for (row, column), drop in np.ndenumerate(found.drops):
        top, left = found.tops[row], found.lefts[column]
        is_seen = top <= 2 < top + 3 and left <= 6 < left + 3
        assert drop == pytest.approx(expected if is_seen else 0.0, abs=1e-12)
    assert found.probability == pytest.approx(probability(IMAGE))
    assert found.name == "1"


def test_the_heat_of_a_pixel_is_the_mean_of_its_squares():
    found = occlusion(network(), IMAGE, side=3, stride=2)
    for y, x in ((0, 0), (2, 6), (3, 5), (6, 8)):
        drops = [
            found.drops[row, column]
            for row, top in enumerate(found.tops)
            for column, left in enumerate(found.lefts)
            if top <= y < top + 3 and left <= x < left + 3
        ]
        assert found.heat[y, x] == pytest.approx(np.mean(drops))
    assert found.heat.shape == (7, 9)
    assert np.isfinite(found.heat).all()


@pytest.mark.parametrize(("side", "stride"), [(None, None), (7, 7), (1, 1), (4, 3)])
def test_squares_cover_every_pixel(side, stride):
    found = occlusion(network(), IMAGE, side=side, stride=stride)
    assert np.isfinite(found.heat).all()
    assert found.tops[-1] + found.side == 7
    assert found.lefts[-1] + found.side == 9


def test_the_class_is_that_of_the_label_or_the_answer():
    images = np.arange(24, dtype=np.uint8).reshape(2, 1, 3, 4)
    trained = fitted(class_names=("cat", "dog", "hen"))
    assert occlusion(trained, images[1], "dog").name == "dog"
    answer = trained.class_names[trained.logits(images)[1].argmax()]
    found = occlusion(trained, images, image=1)
    assert found.name == answer
    assert f"Probability of {answer}" in str(found)
    assert found.as_dict()["drops"] == found.drops.tolist()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"side": 8}, "side as an integer from 1 to 7"),
        ({"side": 0}, "side as an integer of at least 1"),
        ({"side": 3, "stride": 4}, "stride as an integer from 1 to 3"),
    ],
)
def test_squares_that_do_not_fit_are_refused(how, words):
    with pytest.raises(ConfigError, match=words):
        occlusion(network(), IMAGE, **how)


def test_vectors_have_no_parts():
    with pytest.raises(ConfigError, match="occlusion hides parts of images"):
        occlusion(Sequential([Linear(4, 3)]), np.arange(4.0))
