"""Settings of inference, and the only place that applies them."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from handgrad.arrays import NumpyArray
from handgrad.augmentation import logits_of_center, logits_with_flip
from handgrad.augmentation.center import LEAST, View, views_of
from handgrad.ranges import check_between
from handgrad.training.settings_table import Positive, Table, Whole

Parts: TypeAlias = float | tuple[float, ...] | None
Answers = Callable[[NumpyArray], NumpyArray]


def checked_parts(owner: str, name: str, value: Any) -> Parts:
    """One part of the sides of an image, or several; ConfigError for others."""
    if value is None:
        return None
    several = isinstance(value, list | tuple) and len(value) > 0
    for part in value if several else (value,):
        check_between(owner, name, part, LEAST, 1)
    return tuple(map(float, value)) if several else float(value)


_checked = BeforeValidator(partial(checked_parts, "Prediction", "center_crop"))


class PredictionConfig(Table):
    """Settings of inference: in validation, in tests and later.

    `with_flip` averages the logits of each image and its horizontal flip;
    `center_crop` shows the central part of each image, a fraction of its sides, or
    averages the logits of several such parts;
    `shift` averages those of each image moved by so many pixels down and to the right,
    and up and to the left;
    `temperature` divides the logits before the softmax, None for 1 (calibration).
    """

    LATER = frozenset({"temperature", "center_crop", "shift"})
    with_flip: bool = False
    center_crop: Annotated[Parts, _checked] = None
    shift: Whole | None = None
    temperature: Positive | None = None

    def logits(self, answers: Answers, images: NumpyArray) -> NumpyArray:
        """The logits of `images` with these settings; `answers` is the network."""
        if self.with_flip:
            answers = partial(logits_with_flip, answers)
        if self.crops:  # which are flipped: rounding is not symmetric
            parts = 1.0 if self.center_crop is None else self.center_crop
            return logits_of_center(answers, images, parts, self.shift or 0)
        return answers(images)

    @property
    def crops(self) -> tuple[View, ...]:
        """The parts of an image whose logits are averaged; empty for the whole."""
        if self.center_crop is None and self.shift is None:
            return ()
        parts = 1.0 if self.center_crop is None else self.center_crop
        return views_of(parts, self.shift or 0)

    @property
    def views(self) -> int:
        """How often the network is computed for one image."""
        return (1 + self.with_flip) * max(1, len(self.crops))

    @property
    def only_for_images(self) -> str:
        """The argument of a setting in use that vectors cannot have; empty if none."""
        if self.center_crop is not None:
            return "predict_center_crop"
        if self.shift is not None:
            return "predict_shift"
        return "predict_with_flip" if self.with_flip else ""
