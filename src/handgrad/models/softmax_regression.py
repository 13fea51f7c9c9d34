"""Softmax regression."""

from handgrad.arrays import Shape
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.named_layers import InitializerChoice, Row


def softmax_regression(
    *,
    initializer: InitializerChoice = "normal:0.01",
    input_shape: Shape = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """Softmax regression (multinomial logistic regression): one linear layer.

    ConfigError for an unknown initializer or a size below 1.

    Shapes
        input_shape  of one example: (channels, height, width) or (features,)
        inputs       (batch, *input_shape), float32 or float64
        outputs      (batch, classes), logits

    Units
        initializer  of the weights: a name such as "he_normal" or "normal:0.01", or a
                     function of shape and key
        classes      number of classes
        seed         of the initial weights

    Source
        Bishop (2006), Pattern Recognition and Machine Learning, section 4.3.4.
    """
    rows: list[Row] = [
        {"name": "flatten"},
        {"name": "linear", "out_features": classes, "initializer": initializer},
    ]
    return from_layers(layers=rows, input_shape=input_shape, classes=classes, seed=seed)
