"""Batches drawn along with others have the bits of batches drawn alone."""

import numpy as np
import pytest

from handgrad import augmentation
from handgrad.datasets.dataset import Split
from handgrad.randomness import Key, random_bits
from handgrad.training import drawn_ahead
from handgrad.training.augmented import augmented
from handgrad.training.drawn_ahead import DrawnAhead

SHAPE = (3, 8, 8)
IMAGES = (random_bits(Key(5), (90, *SHAPE)) % 256).astype(np.uint8)
TARGETS = (random_bits(Key(6), (90,)) % 4).astype(np.int64)
WEIGHTS = (1 + random_bits(Key(7), (90,)) % 3).astype(np.float32)
TRAIN = Split(IMAGES, TARGETS, WEIGHTS)
KEY = Key(3).child("augmentation")
ROWS = np.arange(89, -1, -1)
BATCHES = [ROWS[:20], ROWS[20:40], ROWS[40:43], ROWS[43:]]
RECORDED = [
    augmentation.RandomFlip(),
    augmentation.RandomAffine(),
    augmentation.ColorJitter(),
    augmentation.GaussianNoise(),
    augmentation.RandomErasing(),
]
LISTS = {
    "nothing": [],
    "views": [augmentation.RandomCrop(2), augmentation.Cutout(3)],
    "recorded": RECORDED,
    "mixup": [*RECORDED, augmentation.Mixup(1.0)],
    "cutmix": [augmentation.CutMix(), augmentation.RandomFlip()],
    "mixture alone": [augmentation.Mixup(1.0)],
}


class Own:
    """An augmentation of the user's, which keeps its keys."""

    def __init__(self):
        self.keys = []

    def apply(self, images, key):
        self.keys.append(key)
        return 255 - images


@pytest.fixture
def draws(monkeypatch):
    """How many images each draw was for."""
    found = []

    def counted(split, changes, rows, key):
        found.append(len(rows))
        return augmented(split, changes, rows, key)

    monkeypatch.setattr(drawn_ahead, "augmented", counted)
    return found


def assert_same(batch, expected):
    """All that an engine reads, and the images themselves."""
    assert (batch.images is expected.images) == (expected.images is IMAGES)
    for name in ("rows", "examples", "views"):
        np.testing.assert_array_equal(getattr(batch, name), getattr(expected, name))
    assert (batch.recorded is None) == (expected.recorded is None)
    if batch.recorded is not None:
        np.testing.assert_array_equal(batch.recorded.steps, expected.recorded.steps)
        np.testing.assert_array_equal(batch.recorded.table, expected.recorded.table)
        assert batch.recorded.table.flags.c_contiguous
    np.testing.assert_array_equal(batch.pictures(), expected.pictures())
    np.testing.assert_array_equal(batch.labels(4), expected.labels(4))
    np.testing.assert_array_equal(batch.example_weights(), expected.example_weights())


@pytest.mark.parametrize("name", LISTS)
def test_a_batch_is_that_of_its_step_alone(name, draws):
    ahead = DrawnAhead(KEY)
    for place, rows in enumerate(BATCHES):
        batch = ahead.batch(TRAIN, LISTS[name], BATCHES, place, 7 + place)
        expected = augmented(TRAIN, LISTS[name], rows, KEY.at(7 + place, rows))
        assert_same(batch, expected)
    assert draws == ([90] if LISTS[name] else [20, 20, 3, 47])


def test_the_images_of_a_draw_are_bounded(monkeypatch, draws):
    """By their number and that of the steps; a larger batch is drawn alone."""
    monkeypatch.setattr(drawn_ahead, "IMAGES", 43)
    ahead = DrawnAhead(KEY)
    for place in range(4):
        ahead.batch(TRAIN, RECORDED, BATCHES, place, 1 + place)
    assert draws == [43, 47]
    monkeypatch.setattr(drawn_ahead, "STEPS", 1)
    DrawnAhead(KEY).batch(TRAIN, RECORDED, BATCHES, 0, 1)
    assert draws[2:] == [20]


def test_a_step_may_be_repeated_and_another_begin_anywhere(draws):
    """As after an interrupt, and in a resumed run."""
    ahead = DrawnAhead(KEY)
    for place, step in [(0, 1), (1, 2), (1, 2), (2, 9), (0, 1)]:
        batch = ahead.batch(TRAIN, RECORDED, BATCHES, place, step)
        rows = BATCHES[place]
        assert_same(batch, augmented(TRAIN, RECORDED, rows, KEY.at(step, rows)))
    assert draws == [90, 50, 90]


def other_rows(changes, batches):
    batches[1] = batches[1][::-1].copy()
    return TRAIN


def rows_in_place(changes, batches):
    batches[1][:] = batches[1][::-1].copy()
    return TRAIN


def fewer_rows(changes, batches):
    batches[1] = batches[1][:4]
    return TRAIN


def other_option(changes, batches):
    changes[1].shear = 0.5
    return TRAIN


def other_list(changes, batches):
    changes.pop()
    return TRAIN


def other_order(changes, batches):
    changes.reverse()
    return TRAIN


def own_list(changes, batches):
    changes.append(Own())
    return TRAIN


def other_set(changes, batches):
    return Split(255 - IMAGES, TARGETS, WEIGHTS)


@pytest.mark.parametrize(
    "change",
    [
        other_rows, rows_in_place, fewer_rows, other_option, other_list, other_order,
        own_list, other_set,
    ],
)  # fmt: skip
def test_what_changes_between_two_steps_counts_at_once(change):
    changes = [augmentation.RandomFlip(), augmentation.RandomAffine()]
    batches, ahead = [rows.copy() for rows in BATCHES], DrawnAhead(KEY)
    before = ahead.batch(TRAIN, changes, batches, 0, 1)
    split = change(changes, batches)
    batch, rows = ahead.batch(split, changes, batches, 1, 2), batches[1]
    expected = augmented(split, changes, rows, KEY.at(2, rows))
    np.testing.assert_array_equal(batch.pictures(), expected.pictures())
    np.testing.assert_array_equal(before.rows, BATCHES[0])


def test_an_augmentation_of_ones_own_is_applied_step_by_step():
    own, ahead = Own(), DrawnAhead(KEY)
    for place in range(2):
        ahead.batch(TRAIN, [own, augmentation.RandomFlip()], BATCHES, place, 1 + place)
    assert [key.step for key in own.keys] == [1, 2]
    np.testing.assert_array_equal(own.keys[1].examples, BATCHES[1])


class OwnMixup(augmentation.Mixup):
    """A subclass, whose `mixture` may be another."""


def test_a_mixer_of_ones_own_draws_step_by_step(draws):
    ahead = DrawnAhead(KEY)
    for place in range(2):
        ahead.batch(TRAIN, [OwnMixup()], BATCHES, place, 1 + place)
    assert draws == [20, 20]
