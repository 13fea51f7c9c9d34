"""How long and in which portions to train."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from handgrad.errors import ConfigError


@dataclass(frozen=True)
class TrainingSettings:
    """The numbers that the loop itself needs."""

    epochs: int = 10
    batch_size: int = 256
    seed: int = 0
    clip_norm: float | None = None
    early_stopping: int | None = None  # epochs without a better validation loss

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "early_stopping"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(
                    f"{name} takes a whole number from 1 up, got {value}. Change it."
                )


@dataclass(frozen=True)
class Position:
    """Where training stands: plain numbers that a checkpoint holds.

    `batch` batches of `epoch` are done; the sums are over them. `best_loss` belongs to
    `best_epoch`, 0 before the first.
    """

    epoch: int = 1
    batch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    correct: int = 0
    examples: int = 0
    best_loss: float = float("inf")
    best_epoch: int = 0

    def after_step(self, loss: float, correct: int, examples: int) -> "Position":
        """One batch further."""
        return replace(
            self,
            batch=self.batch + 1,
            step=self.step + 1,
            loss_sum=self.loss_sum + loss * examples,
            correct=self.correct + correct,
            examples=self.examples + examples,
        )

    def after_epoch(self, loss: float) -> "Position":
        """At the start of the next epoch, the best one remembered."""
        is_best = loss < self.best_loss
        return Position(
            epoch=self.epoch + 1,
            step=self.step,
            best_loss=loss if is_best else self.best_loss,
            best_epoch=self.epoch if is_best else self.best_epoch,
        )

    def as_numbers(self) -> dict[str, Any]:
        """For a checkpoint; infinity is written as None."""
        numbers = asdict(self)
        if self.best_epoch == 0:
            numbers["best_loss"] = None
        return numbers

    @classmethod
    def from_numbers(cls, numbers: dict[str, Any]) -> "Position":
        """From a checkpoint."""
        best = numbers["best_loss"]
        return cls(**{**numbers, "best_loss": float("inf") if best is None else best})
