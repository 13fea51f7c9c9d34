from math import isnan

import pytest

from handgrad.errors import IntegrityError
from handgrad.estimator import history
from handgrad.estimator.history import History, history_of
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


def test_a_history_without_an_epoch_is_drawn_empty():
    figure = History().plot()
    for axes in figure.axes:
        assert [text.get_text() for text in axes.texts] == ["no epoch has ended"]


def test_rows_are_plain_values():
    rows = History([record(1)]).as_rows()
    assert rows[0]["train_loss"] == 1
    assert not isnan(rows[0]["duration_seconds"])
    assert History(EpochRecord(**row) for row in rows) == [record(1)]


def row(**changed):
    return {**History([record(1)]).as_rows()[0], **changed}


def read(monkeypatch, tmp_path, rows):
    (tmp_path / "file").touch()
    monkeypatch.setattr(history, "load_history", lambda path: rows)
    return history_of(tmp_path / "file")


@pytest.mark.parametrize(
    "rows",
    [
        *([1], [None], [[]], ["a"], [{}], [{"epoch": 1}], [row(odd=1)]),
        *([row(epoch=value)] for value in (0, -1, 1.0, True, None, "1", 2**63)),
        [row(train_loss="x")],
        [row(train_loss=None)],
        [row(is_best=1)],
        [row(validation_loss=True)],
        [row(), row(step=[])],
    ],
)
def test_a_history_that_is_none_is_refused(monkeypatch, tmp_path, rows):
    with pytest.raises(IntegrityError, match="file is damaged: its history cannot"):
        read(monkeypatch, tmp_path, rows)


def test_a_history_of_odd_numbers_is_one(monkeypatch, tmp_path):
    odd = row(epoch=2**63 - 1, validation_loss=None, train_loss=float("inf"))
    assert read(monkeypatch, tmp_path, [odd]).as_rows() == [odd]
    del odd["duration_seconds"]
    assert isnan(read(monkeypatch, tmp_path, [odd])[0].duration_seconds)
