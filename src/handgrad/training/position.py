"""The position of training, in plain numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from handgrad.errors import RunError
from handgrad.ranges import LARGEST, is_number, is_whole
from handgrad.training.early_stopping import best_epoch, should_stop
from handgrad.training.records import EpochRecord, Record, StepRecord
from handgrad.training.settings import TrainingSettings

COUNTS = ("epoch", "batch", "step", "correct", "examples")


@dataclass(frozen=True)
class Position:
    """A position in a run, stored in a checkpoint beside the arrays.

    Units
        epoch     number of the current epoch, from 1
        batch     completed batches of this epoch
        step      completed updates of the whole run
        loss_sum  sum over these batches of loss * examples
        correct   correctly classified examples in these batches
        examples  examples in these batches
        losses    of each finished epoch: validation loss, or training loss without it
    """

    epoch: int = 1
    batch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    correct: int = 0
    examples: int = 0
    losses: tuple[float, ...] = ()

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest loss, 0 before the first has ended."""
        return best_epoch(self.losses)

    def is_end(self, settings: TrainingSettings) -> bool:
        """Return whether all epochs of `settings` are done or it stopped early."""
        if self.epoch > settings.epochs:
            return True
        return self.batch == 0 and should_stop(self.losses, settings.early_stopping)

    @property
    def lines(self) -> int:
        """Lines of each log so far: one for each step and each finished epoch."""
        return self.step + self.epoch - 1

    def after_step(self, loss: float, correct: int, examples: int) -> "Position":
        """Return the position after one more batch."""
        return replace(
            self,
            batch=self.batch + 1,
            step=self.step + 1,
            loss_sum=self.loss_sum + loss * examples,
            correct=self.correct + correct,
            examples=self.examples + examples,
        )

    def after_epoch(self, loss: float) -> "Position":
        """Return the position at the start of the next epoch.

        `loss` is the one by which the best epoch is chosen.
        """
        losses = (*self.losses, loss)
        return Position(epoch=self.epoch + 1, step=self.step, losses=losses)

    def epoch_record(
        self,
        validation: tuple[float | None, float | None],
        learning_rate: float,
        *,
        seconds: float = 0.0,
        images_per_second: float = 0.0,
    ) -> EpochRecord:
        """Return the record of the epoch that ends here.

        `validation` is its loss and accuracy, `learning_rate` that of the last update;
        `seconds` and `images_per_second` are those of its steps.
        """
        loss, accuracy = validation
        train_loss = self.loss_sum / self.examples
        after = self.after_epoch(train_loss if loss is None else loss)
        return EpochRecord(
            epoch=self.epoch,
            step=self.step,
            train_loss=train_loss,
            train_accuracy=self.correct / self.examples,
            validation_loss=loss,
            validation_accuracy=accuracy,
            learning_rate=learning_rate,
            is_best=after.best_epoch == self.epoch,
            duration_seconds=seconds,
            images_per_second=images_per_second,
        )

    def after(self, record: Record) -> "Position":
        """Return the position after the `record` of a step or of an epoch."""
        if isinstance(record, StepRecord):
            return self.after_step(record.loss, record.correct, record.examples)
        loss = record.validation_loss
        return self.after_epoch(record.train_loss if loss is None else loss)

    def check(self, epochs: int, batches: int) -> None:
        """Raise RunError unless it is valid for `epochs` of `batches` batches each."""
        is_place = (
            1 <= self.epoch <= epochs + 1
            and self.batch <= batches
            and self.step == (self.epoch - 1) * batches + self.batch
            and len(self.losses) == self.epoch - 1
            and self.correct <= self.examples
            and (self.batch == 0) == (self.examples == 0)
        )
        if not is_place:
            raise RunError(
                f"A checkpoint is at epoch {self.epoch}, batch {self.batch}, step "
                f"{self.step} with {len(self.losses)} losses, which is not possible in "
                f"{epochs} epochs of {batches} batches. Use the run's other checkpoint "
                "or a backup."
            )

    def as_numbers(self) -> dict[str, Any]:
        """Return plain values for JSON; `from_numbers` restores every bit."""
        numbers = {field.name: getattr(self, field.name) for field in fields(self)}
        return numbers | {"losses": list(self.losses)}

    @classmethod
    def from_numbers(cls, numbers: Mapping[str, Any]) -> "Position":
        """Restore a position from `numbers` of `as_numbers`; RunError if invalid."""
        if numbers.keys() != {field.name for field in fields(cls)}:
            raise RunError(
                f"The position of a checkpoint holds {', '.join(sorted(numbers))}, "
                "which this version cannot read. Use the version that wrote it."
            )
        losses, loss_sum = numbers["losses"], numbers["loss_sum"]
        is_right = isinstance(losses, list) and all(
            is_number(loss) and abs(loss) <= LARGEST for loss in [loss_sum, *losses]
        )
        wrong = [n for n in COUNTS if not (is_whole(numbers[n]) and numbers[n] >= 0)]
        if wrong or not is_right:
            raise RunError(
                f"The position of a checkpoint has invalid numbers in "
                f"{wrong[0] if wrong else 'losses'}. Use the version that wrote it."
            )
        return cls(**{**numbers, "losses": tuple(losses)})
