"""The summary of a list of layers that may be unfinished, and its first error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handgrad.arrays import Shape
from handgrad.errors import HandgradError
from handgrad.inspection.summary import Summary, summary
from handgrad.layers import Layer, Sequential
from handgrad.models.from_layers import build_layers, from_layers, with_classes
from handgrad.randomness import Key


@dataclass(frozen=True)
class LayerList:
    """The `summary` of the layers that fit, and the first error.

    `message` is that of the error, and `row` the number of its layer in the list,
    counted from 0; an error of the whole network is at the last layer. Without an
    error the message is empty, and `row` is None.
    """

    summary: Summary
    message: str = ""
    row: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The summary as plain values, and `error`: row and message, or None."""
        error = {"row": self.row, "message": self.message} if self.message else None
        return {**self.summary.as_dict(), "error": error}


def check_layers(
    layers: Sequence[Mapping[str, Any]], input_shape: Shape, classes: int
) -> LayerList:
    """Build the `layers` one after the other, up to the first that does not fit.

    `layers` is a list as `handgrad.models.from_layers` takes it, or a part of one.
    Nothing is raised for a wrong layer.

    Shapes
        input_shape  of one example: (channels, height, width) or (features,)

    Units
        classes  number of classes

    Example
        check_layers([conv2d(8, 3), linear()], (1, 28, 28), 10).message
    """
    built: list[Layer[Any]] = []
    following, message, place = input_shape, "", None
    for number, row in enumerate(with_classes(layers, classes)):
        try:
            found, following = build_layers([row], following, Key(0))
        except HandgradError as error:
            message, place = _without_number(str(error)), number
            break
        built += found
    if not message:
        try:
            from_layers(layers=layers, input_shape=input_shape, classes=classes)
        except HandgradError as error:
            message, place = str(error), max(0, len(layers) - 1)
    return LayerList(summary(Sequential(built), input_shape), message, place)


def _without_number(sentence: str) -> str:
    """An error without the layer's number, which counts one row only."""
    head, colon, rest = sentence.partition(": ")
    return rest if colon and head.endswith("_1") else sentence
