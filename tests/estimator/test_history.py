from math import isnan

import pytest

from handgrad.estimator.history import History
from handgrad.training.records import EpochRecord


def record(epoch, validation=True):
    measured = (0.5 / epoch, 0.8) if validation else (None, None)
    return EpochRecord(
        epoch, 10 * epoch, 1 / epoch, 0.7, *measured, 0.1, True, 2.0, 5.0
    )


@pytest.mark.parametrize("validation", [True, False])
def test_it_draws_loss_and_accuracy(validation):
    history = History(record(epoch, validation) for epoch in (1, 2, 3))
    left, right = history.plot().axes[:2]
    drawn = [list(line.get_ydata()) for line in left.lines]
    assert [1, 1 / 2, 1 / 3] in drawn
    assert ([0.5, 0.25, 0.5 / 3] in drawn) == validation
    assert left.get_title(loc="left").startswith("Loss") or left.get_title() == "Loss"
    assert right.has_data()


def test_rows_are_plain_values():
    rows = History([record(1)]).as_rows()
    assert rows[0]["train_loss"] == 1
    assert not isnan(rows[0]["duration_seconds"])
    assert History(EpochRecord(**row) for row in rows) == [record(1)]
