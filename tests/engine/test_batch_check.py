import numpy as np
import pytest

from handgrad.engine.batch_check import BatchCheck
from handgrad.engine.engine import Batch
from handgrad.errors import DatasetError, ShapeError

IMAGES = np.zeros((6, 1, 4, 4), np.uint8)
TARGETS = np.arange(6, dtype=np.int64) % 3
ROWS = np.array([5, 0], dtype=np.int64)
TURNED = np.zeros((6, 4, 4, 1), np.uint8).transpose(0, 3, 2, 1)
GAPS = (np.arange(12) % 3)[::2]


def check(images=IMAGES, targets=TARGETS, rows=ROWS, examples=None):
    examples = rows if examples is None else examples
    BatchCheck((1, 4, 4), 3)(Batch(images, targets, rows, examples))


def test_a_good_batch_passes_again_and_again():
    look = BatchCheck((1, 4, 4), 3)
    for _ in range(2):
        look(Batch(IMAGES, TARGETS, ROWS, ROWS))


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"images": IMAGES.astype(np.float32)}, ShapeError, r"bytes \(uint8\)"),
        ({"images": IMAGES[:, :, :3]}, ShapeError, r"\('count', 1, 4, 4\)"),
        ({"images": TURNED}, ShapeError, "ascontiguousarray"),
        ({"targets": TARGETS.astype(np.int32)}, ShapeError, "int64"),
        ({"targets": TARGETS[:5]}, ShapeError, "one int64 target"),
        ({"targets": GAPS}, ShapeError, "ascontiguousarray"),
        ({"targets": TARGETS + 1}, DatasetError, "targets go from 0 to 2"),
        ({"targets": TARGETS - 1}, DatasetError, "got -1 to 1"),
        ({"rows": ROWS + 1}, ShapeError, "rows from 0 to 5"),
        ({"rows": ROWS - 1}, ShapeError, "got -1 to 4"),
        ({"rows": ROWS.astype(np.int32)}, ShapeError, "takes rows as int64"),
        ({"examples": np.arange(4)[::2]}, ShapeError, "takes examples as int64"),
    ],
)
def test_what_kernels_must_not_read_is_refused(changes, error, words):
    with pytest.raises(error, match=words):
        check(**changes)


def test_another_set_is_looked_at_anew():
    look = BatchCheck((1, 4, 4), 3)
    look(Batch(IMAGES, TARGETS, ROWS, ROWS))
    with pytest.raises(DatasetError):
        look(Batch(IMAGES, TARGETS + 1, ROWS, ROWS))


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
    BatchCheck((1, 4, 4), 3)(Batch(IMAGES, TARGETS, ROWS, ROWS, view(**changes)))


@pytest.mark.parametrize(
    "changes",
    [
        *({"top": 1}, {"top": -1}, {"left": 1}, {"left": -1}, {"sign": -1}),
        *({"left": 4, "sign": -1}, {"sign": 0}, {"sign": 2}, {"down": 5}, {"up": -1}),
        *({"far": 5}, {"near": -1}, {"up": 3, "down": 2}),
    ],
)
def test_views_that_reach_outside_are_refused(changes):
    with pytest.raises(ShapeError, match="lie outside"):
        BatchCheck((1, 4, 4), 3)(Batch(IMAGES, TARGETS, ROWS, ROWS, view(**changes)))


@pytest.mark.parametrize("views", [view()[:1], view().astype(np.int32), view()[0]])
def test_views_of_another_kind_are_refused(views):
    with pytest.raises(ShapeError, match="a row for each"):
        BatchCheck((1, 4, 4), 3)(Batch(IMAGES, TARGETS, ROWS, ROWS, views))
