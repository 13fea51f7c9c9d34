import numpy as np
import pytest

from handgrad import augmentation
from handgrad.augmentation.recorded_operations import Pipeline, as_bits
from handgrad.engine.augmentation_check import check_recorded, check_views
from handgrad.errors import ShapeError
from handgrad.randomness import Key

SHAPE = (3, 6, 6)
CHANGES = [
    augmentation.RandomAffine(),
    augmentation.RandomFlip(),
    augmentation.ColorJitter(),
    augmentation.GaussianNoise(),
]


def recorded_of(changes=CHANGES, shape=SHAPE, count=4):
    pipeline = Pipeline(count, np.zeros((1, *shape), np.uint8))
    for change in changes:
        pipeline.add(change, Key(1).at(1, np.arange(count)))
    return pipeline.recorded()


@pytest.mark.parametrize("shape", [SHAPE, (1, 4, 9), (2, 1, 1)])
def test_what_was_recorded_passes(shape):
    check_recorded(recorded_of(shape=shape), 4, shape)
    check_recorded(recorded_of([], shape), 4, shape)


def test_vectors_have_no_operations():
    with pytest.raises(ShapeError, match="got vectors of shape"):
        check_recorded(recorded_of(), 4, (18,))


def other_table(recorded):
    return recorded._replace(table=recorded.table[:3])


def other_kind(recorded):
    return recorded._replace(table=recorded.table.astype(np.int32))


def with_gaps(recorded):
    return recorded._replace(table=recorded.table[:, ::-1])


def other_operation(recorded):
    recorded.steps[0, 0] = 99
    return recorded


def backwards(recorded):
    return recorded._replace(steps=recorded.steps[::-1].copy())


def without_keys(recorded):
    return recorded._replace(keys=())


def far_away(recorded):
    recorded.columns(0)[2, 5] = as_bits(np.array([1e9], np.float32))[0]
    return recorded


def nowhere(recorded):
    recorded.columns(0)[2, 0] = as_bits(np.array([np.nan], np.float32))[0]
    return recorded


@pytest.mark.parametrize(
    "change",
    [other_table, other_kind, with_gaps, other_operation, backwards, without_keys],
)
def test_what_was_recorded_for_another_batch_is_refused(change):
    with pytest.raises(ShapeError, match="recorded for its own images"):
        check_recorded(change(recorded_of()), 4, SHAPE)


@pytest.mark.parametrize("change", [far_away, nowhere])
def test_positions_that_no_whole_number_holds_are_refused(change):
    with pytest.raises(ShapeError, match="positions far outside"):
        check_recorded(change(recorded_of()), 4, SHAPE)


def test_views_are_checked_as_they_are_alone():
    recorded = recorded_of([augmentation.RandomFlip()])
    recorded.table[1, 0] = 3
    with pytest.raises(ShapeError, match="lie outside"):
        check_recorded(recorded, 4, SHAPE)


def test_colours_of_one_channel_are_not_those_of_three():
    with pytest.raises(ShapeError, match="operation 2 with 2 numbers"):
        check_recorded(recorded_of([CHANGES[2]], (1, 6, 6)), 4, SHAPE)


IMAGE = (1, 4, 4)


def view(**changes):
    """The view of a 4 x 4 image as it is, with some numbers changed."""
    names = ("top", "left", "sign", "up", "down", "near", "far")
    numbers = dict(zip(names, (0, 0, 1, 0, 4, 0, 4), strict=True)) | changes
    return np.array([[*numbers.values()]] * 2, dtype=np.int64)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"left": 3, "sign": -1},
        {"top": 2, "down": 2},
        {"top": -1, "up": 1},
        {"left": 99, "near": 4},
    ],
)
def test_views_that_stay_inside_pass(changes):
    check_views(view(**changes), 2, IMAGE)


@pytest.mark.parametrize(
    "changes",
    [
        *({"top": 1}, {"top": -1}, {"left": 1}, {"left": -1}, {"sign": -1}),
        *({"left": 4, "sign": -1}, {"sign": 0}, {"sign": 2}, {"down": 5}, {"up": -1}),
        *({"far": 5}, {"near": -1}, {"up": 3, "down": 2}),
        # sums of these wrap around
        *({"top": 2**63 - 1}, {"left": 2**63 - 4}, {"top": -(2**63)}),
        *({"left": -(2**63), "sign": -1}, {"down": 2**62}),
    ],
)
def test_views_that_reach_outside_are_refused(changes):
    with pytest.raises(ShapeError, match="lie outside"):
        check_views(view(**changes), 2, IMAGE)


@pytest.mark.parametrize("views", [view()[:1], view().astype(np.int32), view()[0]])
def test_views_of_another_kind_are_refused(views):
    with pytest.raises(ShapeError, match="a row for each"):
        check_views(views, 2, IMAGE)


def test_vectors_have_no_views():
    with pytest.raises(ShapeError, match="got vectors of shape"):
        check_views(view(), 2, (16,))
