"""How long and in which portions to train."""

from dataclasses import dataclass

from handgrad.errors import ConfigError


@dataclass(frozen=True)
class TrainingSettings:
    """The numbers that the loop itself needs."""

    epochs: int = 10
    batch_size: int = 256
    seed: int = 0
    early_stopping: int | None = None  # epochs without a better validation loss
    predict_with_flip: bool = False  # see handgrad.augmentation.logits_with_flip

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "early_stopping"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 1):
                raise ConfigError(
                    f"Training takes {name} as a whole number from 1 up, got {value}. "
                    "Change it."
                )
