"""Check the records of a finished run against each other and its checkpoints.

Each line of metrics.jsonl holds a few numbers that only training can provide: the loss
and the number of correct predictions of a step, and the validation results of an epoch.
All others follow from these, the configuration and the data, and so does result.json.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handgrad.errors import DifferenceError
from handgrad.training.build import Parts
from handgrad.training.checkpoint import Checkpoint
from handgrad.training.logs import lines_of
from handgrad.training.notes import Notes
from handgrad.training.position import Position
from handgrad.training.records import EpochRecord, Record, StepRecord
from handgrad.training.run_folder import RunFolder
from handgrad.training.run_result import checksum_of, result_of, summary_of
from handgrad.training.trainer import Trainer
from handgrad.training.weight_average import names_at_end

Line = dict[str, Any]
Saved = Mapping[str, Checkpoint]  # "best" and "last"
METRICS, RESULT = "metrics.jsonl", "result.json"
OF_PLACE = {"run", "seconds"}  # differ every time
ADVICE = (
    "Compare environment.json with this machine: other library versions or another "
    "processor can change the last bits of a result."
)


def check_records(folder: RunFolder, trainer: Trainer, saved: Saved) -> list[Line]:
    """Check all lines of metrics.jsonl, from the first step to the end of training.

    DifferenceError if a line is missing, surplus or inconsistent with those before it,
    or if a checkpoint's position does not match the records.
    """
    path, lines = folder.path / METRICS, folder.records()
    position, ends = Position(), {}
    for number, line in enumerate(lines, 1):
        if position.is_end(trainer.settings):
            raise DifferenceError(
                f"{path} has a surplus line {number}, after the end of training."
            )
        record = _record_after(trainer, position, line)
        found, wanted = json.dumps(line), lines_of(record)[0]
        if found != wanted:
            raise DifferenceError(
                f"{path} has {found} in line {number}, but {wanted} follows from the "
                "lines before it."
            )
        position = position.after(record)
        if isinstance(record, EpochRecord):
            ends[record.epoch] = position
    if not position.is_end(trainer.settings):
        raise DifferenceError(
            f"{path} ends with step {position.step}, before the end of training."
        )
    _check_places(folder, saved, position, ends)
    for which, checkpoint in saved.items():
        _check_names(folder, which, checkpoint, trainer)
        _check_notes(folder, which, checkpoint, lines)
    return lines


def check_result(
    folder: RunFolder, parts: Parts, saved: Saved, lines: list[Line]
) -> tuple[str, ...]:
    """Evaluate both checkpoints, and compute result.json again.

    Returns the splits that were evaluated; DifferenceError for a number that differs.
    Afterwards the network is that of the best checkpoint.
    """
    epochs = {line["epoch"]: line for line in lines if line["kind"] == "epoch"}
    final = ""
    for which in ("last", "best"):
        parts.trainer.restore(saved[which].arrays, saved[which].position)
        final = final or checksum_of(parts.model)
        _check_validation(folder, parts.trainer, which, epochs)
    trainer, test = parts.trainer, parts.dataset.test
    tested = (None, None) if test is None else trainer.evaluate(test)
    last = saved["last"].position
    again = result_of(parts, last, epochs[last.epoch - 1], tested, final)
    _check_result(folder, again)
    splits = {"validation": trainer.validation, "test": test}
    return tuple(name for name, split in splits.items() if split is not None)


def _record_after(trainer: Trainer, position: Position, line: Line) -> Record:
    """The record expected at this position, with the numbers measured in the line."""
    step, settings = position.step + 1, trainer.settings
    if position.batch == trainer.steps_per_epoch:
        names = ("validation_loss", "validation_accuracy")
        is_validated = trainer.validation is not None
        loss, accuracy = (_number(line, n) if is_validated else None for n in names)
        rate = trainer.learning_rate(position.step)
        return position.epoch_record((loss, accuracy), rate)
    rest = len(trainer.train) - position.batch * settings.batch_size
    examples = min(settings.batch_size, rest)
    correct, norm = line.get("correct"), line.get("gradient_norm")
    return StepRecord(
        step=step,
        epoch=position.epoch,
        loss=_number(line, "loss"),
        correct=correct if type(correct) is int and 0 <= correct <= examples else 0,
        examples=examples,
        learning_rate=trainer.learning_rate(step),
        gradient_norm=norm if isinstance(norm, float) else None,
        duration_seconds=0.0,
    )


def _number(line: Line, name: str) -> float:
    """A measured number of a line; 0 if it is not a number, which then differs."""
    value = line.get(name)
    return value if isinstance(value, float) else 0.0


def _check_places(
    folder: RunFolder, saved: Saved, last: Position, ends: Mapping[int, Position]
) -> None:
    """Raise DifferenceError if a checkpoint's position contradicts the records."""
    wanted = {"last": last, "best": ends[last.best_epoch]}
    for which, position in wanted.items():
        found = saved[which].position
        if found != position:
            raise DifferenceError(
                f"The {which} checkpoint of {folder.path} says that it was saved after "
                f"step {found.step} at {found.as_numbers()}, but {METRICS} gives "
                f"{position.as_numbers()}."
            )


def _check_names(
    folder: RunFolder, which: str, checkpoint: Checkpoint, trainer: Trainer
) -> None:
    """Raise DifferenceError if checkpoint and training have different arrays."""
    wanted = set(trainer.engine.state())
    if trainer.settings.averages(checkpoint.position.epoch - 1):
        wanted |= names_at_end(trainer.engine.model)
    others = checkpoint.arrays.keys() ^ wanted
    if others:
        raise DifferenceError(
            f"Either the {which} checkpoint of {folder.path} or the training state "
            f"lacks an array {min(others)}. {ADVICE}"
        )


def _check_notes(
    folder: RunFolder, which: str, checkpoint: Checkpoint, lines: list[Line]
) -> None:
    """Raise DifferenceError if a checkpoint's notes do not match the logs."""
    notes = Notes.from_values(checkpoint.notes)
    position = checkpoint.position
    sizes, epoch = folder.sizes_at(position.lines), lines[position.lines - 1]
    if notes.sizes != sizes or notes.last_epoch != summary_of(epoch):
        raise DifferenceError(
            f"The {which} checkpoint of {folder.path} notes log sizes of {notes.sizes} "
            f"bytes and {notes.last_epoch}, but {METRICS} gives {sizes} and "
            f"{summary_of(epoch)} after step {position.step}."
        )


def _check_validation(
    folder: RunFolder, trainer: Trainer, which: str, epochs: Mapping[int, Line]
) -> None:
    """Raise DifferenceError if a checkpoint's metrics differ from the records."""
    if trainer.validation is None:
        return
    epoch = trainer.position.epoch - 1
    again = trainer.evaluate(trainer.validation)
    noted = tuple(epochs[epoch][f"validation_{what}"] for what in ("loss", "accuracy"))
    if again != noted:
        raise DifferenceError(
            f"The {which} checkpoint of {folder.path} gives a validation loss and "
            f"accuracy of {again}, but {METRICS} has {noted} for epoch {epoch}. "
            f"{ADVICE}"
        )


def _check_result(folder: RunFolder, again: Line) -> None:
    found = folder.result or {}
    more = sorted(found.keys() - again.keys() - OF_PLACE)
    if more:
        raise DifferenceError(
            f"{folder.path / RESULT} has {more[0]}, which no run writes."
        )
    for name, value in again.items():
        other = found.get(name)
        if name == "dataset":  # arrays are in the run folder, which may have moved
            value, other = Path(str(value)).name, Path(str(other)).name
        if json.dumps(other) != json.dumps(value):
            raise DifferenceError(
                f"{folder.path / RESULT} has {other} as {name}, but the checkpoints "
                f"and records give {value}. {ADVICE}"
            )
