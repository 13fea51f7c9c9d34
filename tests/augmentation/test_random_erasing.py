import numpy as np
import pytest

from handgrad.augmentation import RandomErasing
from handgrad.errors import ConfigError

from .laws import assert_follows_the_laws, images_of, key_of


def test_follows_the_laws_of_every_augmentation():
    assert_follows_the_laws(RandomErasing(0.9))


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(3, 20, 30), (1, 12, 12)])
def test_a_rectangle_of_some_images_is_black_and_the_rest_untouched(probability, shape):
    images = images_of(400, shape)
    outputs = RandomErasing(probability, 0.4).apply(images, key_of(400))
    erased, fractions = 0, []
    for image, output in zip(images, outputs, strict=True):
        is_black = (output == 0).all(axis=0)
        np.testing.assert_array_equal(output[:, ~is_black], image[:, ~is_black])
        rows, columns = (np.flatnonzero(is_black.any(axis=axis)) for axis in (1, 0))
        assert is_black.sum() == len(rows) * len(columns)
        assert len(rows) == 0 or len(rows) == rows[-1] - rows[0] + 1
        assert len(columns) == 0 or len(columns) == columns[-1] - columns[0] + 1
        erased += len(rows) > 0
        fractions.append(is_black.mean())
    deviation = np.sqrt(probability * (1 - probability) / 400)
    assert abs(erased / 400 - probability) <= 5 * deviation + 0.02
    assert max(fractions) <= 0.4
    assert probability == 0 or max(fractions) > 0.3


def test_the_whole_of_the_smallest_image_may_be_erased():
    images = images_of(30, (1, 1, 1))
    RandomErasing(1.0, 1.0).check_images(1, 1)
    assert set(RandomErasing(1.0, 1.0).apply(images, key_of(30)).flat) <= {
        0,
        *images.flat,
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"probability": 1.1}, "probability from 0 to 1, got 1.1"),
        ({"area": 0.01}, "area from 0.02 to 1, got 0.01"),
        ({"area": float("nan")}, "area from 0.02 to 1, got nan"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(options, words):
    with pytest.raises(ConfigError, match=f"random_erasing takes {words}"):
        RandomErasing(**options)


def test_says_what_it_is():
    assert repr(RandomErasing()) == "RandomErasing(probability=0.5, area=0.33)"
