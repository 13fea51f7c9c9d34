import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.errors import RunError
from handgrad.training.position import Position
from handgrad.training.settings import TrainingSettings

numbers = st.floats(-1e38, 1e38)


def test_the_sums_are_weighted_by_the_size_of_the_batch():
    position = Position().after_step(2.0, 3, 4).after_step(1.0, 1, 1)
    assert (position.batch, position.step) == (2, 2)
    assert position.loss_sum / position.examples == (4 * 2.0 + 1.0) / 5
    assert position.correct == 4


def test_an_epoch_ends_with_empty_sums_and_its_loss_remembered():
    position = Position().after_step(2.0, 3, 4).after_epoch(1.5).after_epoch(1.7)
    assert position == Position(epoch=3, step=1, losses=(1.5, 1.7))
    assert position.best_epoch == 1


@pytest.mark.parametrize(
    ("epoch", "batch", "losses", "patience", "is_end"),
    [
        (3, 0, (2.0, 1.0), None, False),
        (4, 0, (2.0, 1.0, 1.5), None, True),
        (3, 0, (1.0, 2.0), 1, True),
        (3, 1, (1.0, 2.0), 1, False),  # within a started epoch
        (3, 0, (1.0, 2.0), 2, False),
    ],
)
def test_training_ends_after_its_epochs_or_when_none_is_better(
    epoch, batch, losses, patience, is_end
):
    position = Position(epoch=epoch, batch=batch, losses=losses)
    assert position.is_end(TrainingSettings(3, early_stopping=patience)) is is_end


@given(numbers, st.lists(numbers, max_size=5))
def test_a_position_survives_json_bit_for_bit(loss_sum, losses):
    position = replace(Position(), loss_sum=loss_sum, losses=tuple(losses))
    text = json.dumps(position.as_numbers())
    assert repr(Position.from_numbers(json.loads(text))) == repr(position)


@pytest.mark.parametrize(
    "numbers", [{"epoch": 1}, Position().as_numbers() | {"more": 1}]
)
def test_what_another_version_wrote_is_refused(numbers):
    with pytest.raises(RunError, match="Use the version that wrote it"):
        Position.from_numbers(numbers)


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": "1"},
        {"step": 1.5},
        {"batch": True},
        {"examples": -1},
        {"loss_sum": None},
        {"losses": 1},
        {"losses": ["1"]},
    ],
)
def test_what_is_no_number_is_refused(change):
    with pytest.raises(RunError, match="has invalid numbers in"):
        Position.from_numbers({**Position().as_numbers(), **change})


WRONG = [
    {"losses": [float("nan")]},
    {"losses": [float("inf")]},
    {"losses": [10**400]},
    {"losses": [True]},
    {"losses": "1"},
    {"loss_sum": 10**400},
    {"loss_sum": float("inf")},
    {"epoch": True},
    {"step": -1},
    {"batch": 1.0},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_numbers_that_cannot_have_been_saved_are_refused(wrong):
    with pytest.raises(RunError, match="has invalid numbers in"):
        Position.from_numbers(Position().as_numbers() | wrong)


THERE = Position(epoch=3, batch=1, step=13, examples=9, losses=(1.0, 2.0))
ELSEWHERE = [
    {"epoch": 0},
    {"epoch": 9},
    {"batch": 2},
    {"step": 12},
    {"losses": (1.0,)},
    {"correct": 10},
    {"examples": 0},
    {"batch": 0, "step": 12},
]


def test_a_valid_position_is_accepted():
    THERE.check(4, 6)
    Position().check(1, 1)
    Position(epoch=5, step=24, losses=(1.0,) * 4).check(4, 6)


@pytest.mark.parametrize("change", ELSEWHERE)
def test_an_impossible_position_is_refused(change):
    with pytest.raises(RunError, match="not possible in 4 epochs of 6 batches"):
        replace(THERE, **change).check(4, 6)
