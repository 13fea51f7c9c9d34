"""The metrics of each epoch of a run or a saved classifier as CSV."""

from dataclasses import astuple, fields
from pathlib import Path

from handgrad.errors import RunError
from handgrad.estimator.history import history_of
from handgrad.paths import path_of
from handgrad.text import csv_of
from handgrad.training.records import EpochRecord


def history_csv(path: str | Path) -> str:
    """One row per epoch, with the fields of `handgrad.training.EpochRecord`.

    `path` is a run folder or a file of `Classifier.save`. A value that was not measured
    is empty. RunError if there is no run or file.
    """
    place = path_of("history_csv", "path", path, RunError)
    heads = tuple(field.name for field in fields(EpochRecord))
    rows = (map(_cell, astuple(record)) for record in history_of(place))
    return csv_of([heads, *map(tuple, rows)])


def _cell(value: object) -> object:
    return "" if value is None or value != value else value
