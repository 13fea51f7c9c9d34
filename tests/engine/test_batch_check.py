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
