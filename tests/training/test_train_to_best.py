import numpy as np
import pytest

from handgrad.layers import Linear, Sequential
from handgrad.training.records import EpochRecord, StepRecord
from handgrad.training.train_to_best import train_to_best


def epoch(number, is_best):
    return EpochRecord(number, number, 1.0, 0.5, None, None, 0.1, is_best, 1.0, 1.0)


def step(number):
    return StepRecord(number, number, 1.0, 0, 1, 0.1, None, 1.0)


def training(model, judged, *, ends_in=None):
    """Each epoch sets the bias to its number."""
    for number, is_best in enumerate(judged, start=1):
        model.layers["linear_1"].bias.value[:] = number
        yield step(number)
        yield epoch(number, is_best)
    if ends_in is not None:
        model.layers["linear_1"].bias.value[:] = -1
        yield step(99)
        raise ends_in


@pytest.mark.parametrize(
    ("judged", "best"),
    [
        ([True], 1),
        ([True, True, True], 3),
        ([True, True, False], 2),
        ([True, False], 1),
    ],
)
@pytest.mark.parametrize("ends_in", [None, KeyboardInterrupt()])
def test_the_network_of_the_best_epoch_stays(judged, best, ends_in):
    model, seen = Sequential([Linear(2, 2)]), []
    records = training(model, judged, ends_in=ends_in)
    if ends_in is None:
        train_to_best(records, model, seen.append)
    else:
        with pytest.raises(KeyboardInterrupt):
            train_to_best(records, model, seen.append)
    assert np.all(model.layers["linear_1"].bias.value == best)
    assert [record.epoch for record in seen] == list(range(1, len(judged) + 1))
