"""Softmax regression, the smallest classifier."""

from handgrad.arrays import Shape
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.parts import InitializerChoice, Row


def softmax_regression(
    *,
    initializer: InitializerChoice = "normal:0.01",
    input_shape: Shape = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """One linear layer: every class weighs every pixel.

    Shapes
        inputs   (batch, *input_shape)
        outputs  (batch, classes), logits

    Source
        Bishop (2006), Pattern Recognition and Machine Learning, section 4.3.4.
    """
    rows: list[Row] = [
        {"name": "flatten"},
        {"name": "linear", "out_features": classes, "initializer": initializer},
    ]
    return from_layers(layers=rows, input_shape=input_shape, classes=classes, seed=seed)
