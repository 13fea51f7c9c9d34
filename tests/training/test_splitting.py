import numpy as np
import pytest

from handgrad.datasets import Dataset, Split
from handgrad.errors import ConfigError
from handgrad.training.config import config_from
from handgrad.training.splitting import check_split, split_of, validation_of


def part(count):
    images = np.zeros((count, 1, 2, 2), np.uint8)
    return Split(images, np.arange(count) % 2)


def dataset(validation):
    return Dataset("pets", part(20), part(6), ("a", "b"), "", validation)


def config(**changes):
    return config_from({"dataset": {"name": "digits", **changes}})


def test_a_data_set_brings_its_own_validation_images():
    brought = dataset(part(4))
    assert validation_of(config(), brought) == "folder"
    train, validation = split_of(config(), brought)
    assert len(train) == 20
    assert validation is brought.validation


@pytest.mark.parametrize(
    ("asked", "sizes"), [(0.1, (18, 2)), (5, (15, 5)), ("test", (20, 6))]
)
def test_what_was_asked_for_wins(asked, sizes):
    train, validation = split_of(config(validation=asked), dataset(part(4)))
    assert (len(train), len(validation)) == sizes
    assert split_of(config(validation="none"), dataset(part(4)))[1] is None


def test_without_any_a_tenth_is_cut_off():
    assert validation_of(config(), dataset(None)) == 0.1
    with pytest.raises(ConfigError, match="no validation images of its own"):
        split_of(config(validation="folder"), dataset(None))


@pytest.mark.parametrize(
    ("asked", "images", "said"),
    [
        ({"validation": "test"}, 20, "digits has no test images"),
        ({"validation": "folder"}, 20, "digits has no validation images"),
        ({"validation": 20}, 20, "would hold out 20 of 20"),
        ({"validation": 0}, 20, 'would hold out no image.* use "none"'),
        ({"validation": 5, "train_count": 16}, 20, "train_count must be from 1 to 15"),
        ({"validation": "none", "train_count": 21}, 20, "from 1 to 20"),
    ],
)
def test_a_split_is_checked_by_numbers_alone(asked, images, said):
    with pytest.raises(ConfigError, match=said):
        check_split(config(**asked), images=images, tests=0, own=False)


def test_a_possible_split_passes():
    check_split(config(), images=20, tests=0, own=False)
    check_split(config(), images=1, tests=0, own=True)  # its own images are used
    check_split(config(validation="test", train_count=5), images=5, tests=1, own=False)
