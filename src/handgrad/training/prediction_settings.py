"""Settings of inference, and the only place that applies them."""

from collections.abc import Callable

from handgrad.arrays import NumpyArray
from handgrad.augmentation import logits_with_flip
from handgrad.training.settings_table import Positive, Table

Answers = Callable[[NumpyArray], NumpyArray]


class PredictionConfig(Table):
    """Settings of inference: in validation, in tests and later.

    `with_flip` averages the logits of each image and its horizontal flip;
    `temperature` divides the logits before the softmax, None for 1 (calibration).
    """

    LATER = frozenset({"temperature"})
    with_flip: bool = False
    temperature: Positive | None = None

    def logits(self, answers: Answers, images: NumpyArray) -> NumpyArray:
        """The logits of `images` with these settings; `answers` is the network."""
        if self.with_flip:
            return logits_with_flip(answers, images)
        return answers(images)

    @property
    def only_for_images(self) -> str:
        """The argument of a setting in use that vectors cannot have; empty if none."""
        return "predict_with_flip" if self.with_flip else ""
