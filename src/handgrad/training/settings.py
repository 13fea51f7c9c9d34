"""How long and in which portions to train."""

from dataclasses import dataclass

from handgrad.errors import ConfigError


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the training loop.

    ConfigError for an epochs, batch_size or early_stopping that is not a whole number
    from 1 up.

    Units
        epochs             passes over the training set
        batch_size         examples of a step
        seed               of the order of the examples, augmentation and dropout
        early_stopping     epochs without a lower validation loss; None never stops
        predict_with_flip  whether predictions average an image and its horizontal flip
    """

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
