from hashlib import sha256

import numpy as np
import pytest

from handgrad import free_memory
from handgrad.datasets.dataset import Dataset, Split, check_targets, checksum_of
from handgrad.errors import DatasetError, ResourceError, ShapeError

IMAGES = np.arange(3 * 2 * 4 * 5, dtype=np.uint8).reshape(3, 2, 4, 5)
TARGETS = np.array([2, 0, 1])
SPLIT = Split(IMAGES, TARGETS)


def test_a_split_knows_its_size_and_shape():
    assert len(SPLIT) == 3
    assert SPLIT.image_shape == (2, 4, 5)


def test_take_gives_rows_in_the_order_asked_for():
    taken = SPLIT.take(np.array([2, 0]))
    np.testing.assert_array_equal(taken.images, IMAGES[[2, 0]])
    assert taken.targets.tolist() == [1, 2]


def test_take_carries_weights_along():
    weights = np.array([1, 0.5, 2], np.float32)
    taken = Split(IMAGES, TARGETS, weights).take(np.array([2, 0]))
    assert taken.weights.tolist() == [2, 1]
    assert SPLIT.take(np.array([1])).weights is None


def test_vectors_have_one_axis():
    vectors = Split(np.zeros((3, 7), np.float32), TARGETS)
    assert vectors.image_shape == (7,)
    assert vectors.take(np.array([1])).images.shape == (1, 7)


def test_side_by_side_copies_only_arrays_that_are_not_contiguous():
    assert SPLIT.side_by_side() is SPLIT
    weights = np.arange(6, dtype=np.float32)[::2]
    gaps = Split(np.asfortranarray(IMAGES), TARGETS, weights)
    found = gaps.side_by_side()
    for array, own in zip(
        (found.images, found.targets, found.weights),
        (IMAGES, TARGETS, weights),
        strict=True,
    ):
        assert array.flags.c_contiguous
        np.testing.assert_array_equal(array, own)


def test_a_part_that_does_not_fit_is_refused_before_it_is_copied(monkeypatch):
    row = np.zeros((1, 3, 1000, 1000), dtype=np.uint8)
    whole = Split(np.broadcast_to(row, (10**6, 3, 1000, 1000)), np.zeros(10**6, int))
    monkeypatch.setattr(free_memory, "free_memory", lambda: 10**9)
    with pytest.raises(
        ResourceError, match=r"A part of 400 images needs 1\.20 GB of mem"
    ):
        whole.take(np.arange(400))
    assert len(whole.take(np.arange(3))) == 3


def test_a_data_set_knows_its_shape_and_classes():
    dataset = Dataset("things", SPLIT, None, ("a", "b", "c"), checksum_of(SPLIT, None))
    assert dataset.image_shape == (2, 4, 5)
    assert dataset.classes == 3


def test_the_checksum_is_sha256_of_all_bytes_in_order():
    content = IMAGES.tobytes() + TARGETS.astype("<i8").tobytes()
    assert checksum_of(SPLIT) == sha256(content).hexdigest()
    assert checksum_of(SPLIT, SPLIT) == sha256(content * 2).hexdigest()


def test_the_checksum_is_of_the_content_not_of_the_memory_layout():
    turned = Split(np.asfortranarray(IMAGES), TARGETS.astype(">i4"))
    assert checksum_of(turned) == checksum_of(SPLIT)


def test_the_checksum_depends_on_the_weights():
    one, other = (
        checksum_of(Split(IMAGES, TARGETS, np.float32([1, weight, 1])))
        for weight in (1, 2)
    )
    assert len({one, other, checksum_of(SPLIT)}) == 3


@pytest.mark.parametrize("place", range(0, IMAGES.size, 17))
def test_the_checksum_depends_on_every_pixel(place):
    changed = IMAGES.copy()
    changed.flat[place] ^= 1
    assert checksum_of(Split(changed, TARGETS)) != checksum_of(SPLIT)


def test_the_checksum_depends_on_the_targets():
    assert checksum_of(Split(IMAGES, TARGETS[::-1])) != checksum_of(SPLIT)


@pytest.mark.parametrize("wrong", [-1, 3, 255])
def test_a_label_out_of_range_is_named_with_its_row(wrong):
    with pytest.raises(
        DatasetError, match=f"labels: label {wrong} of image 1 is out of"
    ):
        check_targets(np.array([0, wrong, wrong]), 3, "labels")


def test_labels_in_range_are_accepted():
    check_targets(np.array([0, 2, 1]), 3, "labels")


@pytest.mark.parametrize("wrong", [None, [0, 1], 0.5, np.float32(1), np.zeros(())])
@pytest.mark.parametrize("name", ["images", "targets", "weights"])
def test_other_types_than_arrays_are_refused_by_name(name, wrong):
    arrays = {
        "images": np.zeros((2, 1, 1, 1), dtype=np.uint8),
        "targets": np.zeros(2, dtype=np.int64),
    }
    if name == "weights" and wrong is None:
        assert Split(**arrays, weights=None).weights is None
        return
    with pytest.raises(ShapeError, match=f"A split takes {name} as a NumPy array"):
        Split(**{**arrays, name: wrong})
