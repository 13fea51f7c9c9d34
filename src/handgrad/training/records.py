"""The records that training yields: one for each step and one for each epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import nan
from typing import Any

# the values of the last epoch that result.json repeats
OF_EPOCH = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


@dataclass(frozen=True)
class StepRecord:
    """One update of the parameters.

    Units
        step              counts updates of the run, from 1
        epoch             counts passes over the training set, from 1
        loss              mean over the batch with the L2 term, before the update
        correct           examples of the batch that were classified correctly
        examples          examples of the batch
        learning_rate     of this step
        gradient_norm     global norm before clipping; None where no clip_norm is set
        duration_seconds  of the step, in seconds
    """

    step: int
    epoch: int
    loss: float
    correct: int
    examples: int
    learning_rate: float
    gradient_norm: float | None
    duration_seconds: float


@dataclass(frozen=True)
class EpochRecord:
    """One pass over the training set.

    Units
        epoch                counts passes, from 1
        step                 number of the last update of the epoch
        train_loss           mean of the batches' losses, weighted by their size
        train_accuracy       fraction, of predictions made before each update
        validation_loss      after the epoch: the loss of training with its label
                             smoothing, without the L2 term and class weights; None if
                             not validated
        validation_accuracy  fraction, after the epoch; None if not validated
        learning_rate        of the last update
        is_best              whether the loss is the lowest so far: that of validation,
                             or of training without it
        duration_seconds     of all steps of the epoch, in seconds
        images_per_second    examples trained per second
    """

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    is_best: bool
    duration_seconds: float
    images_per_second: float


Record = StepRecord | EpochRecord
TIMINGS = ("duration_seconds", "images_per_second")  # what differs from run to run
MOST_STEPS = 2**63 - 1


def epoch_record(row: Mapping[str, Any]) -> EpochRecord:
    """Build an epoch's record from a row; TypeError or ValueError if it is invalid."""
    values = {**dict.fromkeys(TIMINGS, nan), **row}
    values.pop("kind", None)
    record = EpochRecord(**values)
    for about in fields(record):
        kind: Any = about.type
        value = getattr(record, about.name)
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise TypeError(about.name)
        if kind is int and not 1 <= value <= MOST_STEPS:
            raise ValueError(about.name)
    return record
