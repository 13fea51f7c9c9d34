"""The two-layer perceptron."""

from handgrad.arrays import Shape
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.parts import InitializerChoice, Row, activation_row


def perceptron(
    *,
    hidden: int = 64,
    activation: str = "sigmoid",
    initializer: InitializerChoice = "normal:0.1",
    input_shape: Shape = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """Two linear layers with an activation between them.

    Shapes
        inputs   (batch, *input_shape)
        outputs  (batch, classes), logits

    Source
        Rumelhart, Hinton, Williams (1986), Learning representations by
        back-propagating errors.
    """
    rows: list[Row] = [
        {"name": "flatten"},
        {"name": "linear", "out_features": hidden, "initializer": initializer},
        activation_row(activation),
        {"name": "linear", "out_features": classes, "initializer": initializer},
    ]
    return from_layers(layers=rows, input_shape=input_shape, classes=classes, seed=seed)
