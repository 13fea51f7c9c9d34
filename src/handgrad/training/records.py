"""What training hands out: one record for each step and for each epoch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StepRecord:
    """One update. The loss is that of its batch, before the parameters moved."""

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
    """One pass over the training images.

    The training loss is the mean over the epoch's batches as they were seen, weighted
    by their size; validation comes after the epoch. Accuracies are fractions.
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
