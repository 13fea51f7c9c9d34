"""The perceptron with one hidden layer."""

from handgrad.arrays import Shape
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.named_layers import InitializerChoice, Row, activation_row


def perceptron(
    *,
    hidden: int = 64,
    activation: str = "sigmoid",
    initializer: InitializerChoice = "normal:0.1",
    input_shape: Shape = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """Two-layer perceptron: two linear layers with an activation in between.

    ConfigError for an unknown activation or initializer, or a size below 1.

    Shapes
        input_shape  of one example: (channels, height, width) or (features,)
        inputs       (batch, *input_shape), float32 or float64
        outputs      (batch, classes), logits

    Units
        hidden       size of the hidden layer
        activation   an activation of `handgrad.network`, such as "gelu"
        initializer  of the weights: a name such as "he_normal" or "normal:0.01", or a
                     function of shape and key
        classes      number of classes
        seed         of the initial weights

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
