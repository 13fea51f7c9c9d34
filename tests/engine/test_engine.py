from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from handgrad.engine.engine import Batch, StepResult


def test_a_batch_is_as_long_as_its_rows():
    images, targets = np.zeros((5, 1, 2, 2), np.uint8), np.zeros(5, np.int64)
    rows = np.array([4, 0, 2])
    batch = Batch(images, targets, rows, rows + 100)
    assert len(batch) == 3
    with pytest.raises(FrozenInstanceError):
        batch.rows = rows


def test_a_step_is_finite_unless_it_says_otherwise():
    assert StepResult(0.5, 3).is_finite
