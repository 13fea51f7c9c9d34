import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.datasets.dataset import Split
from handgrad.datasets.splits import split, subset, validation_rows
from handgrad.errors import ConfigError
from handgrad.randomness import Key

KEY = Key(0).child("validation")


def numbered(targets):
    """A split whose images are their own row numbers."""
    targets = np.asarray(targets, dtype=np.int64)
    rows = np.arange(len(targets), dtype=np.uint16).view(np.uint8)
    return Split(rows.reshape(len(targets), 1, 1, 2), targets)


def rows_of(part):
    return np.ascontiguousarray(part.images).view(np.uint16).ravel()


labels = st.lists(st.integers(0, 3), min_size=2, max_size=60)


@given(labels=labels, data=st.data(), stratified=st.booleans())
def test_every_image_is_in_one_split_in_the_original_order(labels, data, stratified):
    count = data.draw(st.integers(1, len(labels) - 1))
    train, aside = split(numbered(labels), count, KEY, stratified=stratified)
    assert len(aside) == count
    for part in (train, aside):
        assert np.all(np.diff(rows_of(part)) > 0)
        np.testing.assert_array_equal(part.targets, np.array(labels)[rows_of(part)])
    both = np.sort(np.concatenate([rows_of(train), rows_of(aside)]))
    np.testing.assert_array_equal(both, np.arange(len(labels)))


@given(labels=labels, data=st.data())
def test_stratified_gives_every_class_its_share_to_within_one(labels, data):
    count = data.draw(st.integers(1, len(labels) - 1))
    _, aside = split(numbered(labels), count, KEY)
    for number in set(labels):
        share = labels.count(number) * count / len(labels)
        assert abs(np.sum(aside.targets == number) - share) < 1


def test_a_fraction_is_that_part_and_a_count_that_many():
    whole = numbered([0, 1] * 50)
    assert len(split(whole, 0.1, KEY)[1]) == 10
    assert len(split(whole, 17, KEY)[1]) == 17
    assert len(split(whole, 17.0, KEY)[1]) == 17


@pytest.mark.parametrize("wrong", [1.0, np.float32(1)])
def test_a_fraction_of_one_is_not_a_count_of_one(wrong):
    with pytest.raises(ConfigError, match=r"1 for one example.* 1\.0 would leave none"):
        split(numbered([0, 1] * 5), wrong, KEY)
    assert len(split(numbered([0, 1] * 5), 1, KEY)[1]) == 1


@pytest.mark.parametrize("wrong", [None, True, "a", [1], np.array([1, 2]), 1.5, 1e300])
def test_invalid_fractions_are_refused(wrong):
    with pytest.raises(ConfigError, match="validation takes a fraction"):
        split(numbered([0, 1] * 5), wrong, KEY)


def test_is_a_function_of_the_key():
    targets = np.arange(100) % 10
    first = validation_rows(targets, 0.2, KEY)
    np.testing.assert_array_equal(first, validation_rows(targets, 0.2, KEY))
    other = validation_rows(targets, 0.2, Key(1).child("validation"))
    assert not np.array_equal(first, other)


def test_known_rows():
    # recorded once: a change of these changes every user's validation images
    rows = validation_rows(np.arange(20) % 2, 4, KEY)
    assert rows.tolist() == sorted(rows.tolist())
    assert np.sum(rows % 2) == 2


@pytest.mark.parametrize("wrong", [0, 10, 11, -1, 0.0, 0.01, 0.99])
def test_an_empty_split_is_refused(wrong):
    with pytest.raises(
        ConfigError, match="of 10 images, but both parts need at least one"
    ):
        split(numbered([0, 1] * 5), wrong, KEY)


def test_a_fractional_count_is_refused():
    with pytest.raises(ConfigError, match=r"an integer, got 2\.5"):
        split(numbered([0, 1] * 5), 2.5, KEY)


def test_a_subset_keeps_the_order_and_grows_by_adding():
    whole = numbered([0, 1, 2] * 20)
    small, large = (subset(whole, count, KEY) for count in (10, 30))
    assert len(small) == 10
    assert np.all(np.diff(rows_of(small)) > 0)
    assert set(rows_of(small)) < set(rows_of(large))


@pytest.mark.parametrize("count", [0, -3, 61])
def test_a_subset_of_too_many_or_none_is_refused(count):
    with pytest.raises(
        ConfigError, match=f"train_count must be from 1 to .* got {count}"
    ):
        subset(numbered([0, 1, 2] * 20), count, KEY)


def test_weights_are_split_with_their_images():
    whole = numbered([0, 1] * 20)
    whole = Split(whole.images, whole.targets, rows_of(whole).astype(np.float32))
    for part in (*split(whole, 0.25, KEY), subset(whole, 9, KEY)):
        np.testing.assert_array_equal(part.weights, rows_of(part))
