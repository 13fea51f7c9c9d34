import numpy as np
import pytest

from handgrad.engine.views_check import check_views
from handgrad.errors import ShapeError

SHAPE = (1, 4, 4)


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
    check_views(view(**changes), 2, SHAPE)


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
        check_views(view(**changes), 2, SHAPE)


@pytest.mark.parametrize("views", [view()[:1], view().astype(np.int32), view()[0]])
def test_views_of_another_kind_are_refused(views):
    with pytest.raises(ShapeError, match="a row for each"):
        check_views(views, 2, SHAPE)


def test_vectors_have_no_views():
    with pytest.raises(ShapeError, match="got vectors of shape"):
        check_views(view(), 2, (16,))
