"""Settings of the training loop."""

from collections.abc import Sequence
from dataclasses import dataclass

from handgrad.ranges import check_count, check_seed
from handgrad.training.prediction_settings import PredictionConfig, checked_parts

COUNTS = ("epochs", "batch_size", "early_stopping", "average_from", "predict_shift")


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the training loop.

    ConfigError unless epochs, batch_size, early_stopping, average_from and
    predict_shift are integers from 1 to 2**31 - 1, and seed one from 0 to 2**63 - 1.

    Units
        epochs             passes over the training set
        batch_size         examples of a step
        seed               of the order of the examples, augmentation and dropout
        early_stopping     epochs without a lower validation loss; None never stops
        average_from       epoch from which on the network is the mean of all epochs
                           since then, see `weight_average`; None: that of each epoch
        predict_with_flip  whether predictions average an image and its horizontal flip
        predict_center_crop  part of the sides of images that predictions see, several
                           of which they average the logits, or None
        predict_shift      pixels by which predictions move each image along a diagonal
                           and back, averaging the logits, or None
        predict_temperature  what divides the logits before a softmax; None for 1
    """

    epochs: int = 10
    batch_size: int = 256
    seed: int = 0
    early_stopping: int | None = None  # epochs without a lower validation loss
    average_from: int | None = None
    predict_with_flip: bool = False  # see handgrad.augmentation.logits_with_flip
    predict_center_crop: float | Sequence[float] | None = None  # of the sides
    predict_shift: int | None = None  # in pixels
    predict_temperature: float | None = None

    def __post_init__(self) -> None:
        for name in COUNTS:
            value = getattr(self, name)
            if value is not None or name in ("epochs", "batch_size"):
                check_count("Training", name, value)
                object.__setattr__(self, name, int(value))
        check_seed("Training", "seed", self.seed)
        crop = self.predict_center_crop
        crop = checked_parts("Training", "predict_center_crop", crop)
        object.__setattr__(self, "predict_center_crop", crop)

    def averages(self, epoch: int) -> bool:
        """Whether the network at the end of this `epoch` is a mean of epochs."""
        return self.average_from is not None and epoch >= self.average_from

    @property
    def prediction(self) -> PredictionConfig:
        """The settings of inference: here their names begin with predict_."""
        names = PredictionConfig.model_fields
        return PredictionConfig(**{n: getattr(self, f"predict_{n}") for n in names})
