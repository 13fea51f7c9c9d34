"""The metrics of each epoch of a run or a saved classifier as CSV."""

from dataclasses import asdict, fields
from pathlib import Path

from handgrad.errors import RunError
from handgrad.estimator.history import history_of
from handgrad.paths import path_of
from handgrad.text import csv_of
from handgrad.training.records import TIMINGS, EpochRecord
from handgrad.training.run_folder import RunFolder


def history_csv(path: str | Path) -> str:
    """One row per epoch, with the fields of `handgrad.training.EpochRecord`.

    `path` is a run folder or a file of `Classifier.save`. A value that was not measured
    is empty. RunError if there is no run or file.
    """
    place = path_of("history_csv", "path", path, RunError)
    heads = tuple(field.name for field in fields(EpochRecord))
    times = {} if place.is_file() else _times(RunFolder.open(place))
    records = (asdict(record) for record in history_of(place))
    rows = ({**record, **times.get(record["step"], {})} for record in records)
    return csv_of([heads, *(tuple(_cell(row[head]) for head in heads) for row in rows)])


def _times(run: RunFolder) -> dict[int, dict[str, float]]:
    """The duration and the speed of each epoch of a run, by its last step."""
    return {
        line["step"]: {each: line[each] for each in TIMINGS if _is_time(line.get(each))}
        for line in run.records("timings")
        if line.get("kind") == "epoch" and isinstance(line.get("step"), int)
    }


def _is_time(value: object) -> bool:
    return isinstance(value, float) and value >= 0


def _cell(value: object) -> object:
    return "" if value is None or value != value else value
