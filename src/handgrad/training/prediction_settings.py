"""Settings of inference, and the only place that applies them."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from pydantic import Field

from handgrad.arrays import NumpyArray
from handgrad.augmentation import logits_of_center, logits_with_flip
from handgrad.augmentation.center import LEAST
from handgrad.training.settings_table import Positive, Table

Answers = Callable[[NumpyArray], NumpyArray]


class PredictionConfig(Table):
    """Settings of inference: in validation, in tests and later.

    `with_flip` averages the logits of each image and its horizontal flip;
    `center_crop` shows the central part of each image, a fraction of its sides;
    `temperature` divides the logits before the softmax, None for 1 (calibration).
    """

    LATER = frozenset({"temperature", "center_crop"})
    with_flip: bool = False
    center_crop: Annotated[float, Field(ge=LEAST, le=1)] | None = None
    temperature: Positive | None = None

    def logits(self, answers: Answers, images: NumpyArray) -> NumpyArray:
        """The logits of `images` with these settings; `answers` is the network."""
        if self.center_crop is not None:
            answers = partial(logits_of_center, answers, fraction=self.center_crop)
        if self.with_flip:
            return logits_with_flip(answers, images)
        return answers(images)

    @property
    def only_for_images(self) -> str:
        """The argument of a setting in use that vectors cannot have; empty if none."""
        if self.center_crop is not None:
            return "predict_center_crop"
        return "predict_with_flip" if self.with_flip else ""
