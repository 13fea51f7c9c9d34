"""The multilayer perceptron."""

from collections.abc import Sequence

from handgrad.arrays import Shape
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.named_layers import InitializerChoice, Row, activation_row, each


def mlp(
    *,
    hidden_sizes: Sequence[int] = (256,),
    activations: str | Sequence[str] = "relu",
    dropout: float | Sequence[float] = 0.0,
    initializer: InitializerChoice = "he_normal",
    input_shape: Shape = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """Multilayer perceptron: linear layers with activations and optional dropout.

    `activations` and `dropout` are one value for all hidden layers, or a list with one
    for each. ConfigError for lists of the wrong length, an unknown activation or
    initializer, or a size or fraction out of range.

    Shapes
        input_shape  of one example: (channels, height, width) or (features,)
        inputs       (batch, *input_shape), float32 or float64
        outputs      (batch, classes), logits

    Units
        hidden_sizes  sizes of the hidden layers
        activations   activations of `handgrad.network`, such as "gelu"
        dropout       fraction dropped after each hidden layer, 0 <= dropout < 1
        initializer   of the weights: a name such as "he_normal" or "normal:0.01", or a
                      function of shape and key
        classes       number of classes
        seed          of the initial weights

    Example
        mlp(hidden_sizes=[256, 128], dropout=0.3, input_shape=(20,), classes=4)

    Source
        Goodfellow, Bengio, Courville (2016), Deep Learning, chapter 6.
    """
    count = len(hidden_sizes)
    names = each("mlp", "activations", activations, count)
    rates = each("mlp", "dropout", dropout, count)
    rows: list[Row] = [{"name": "flatten"}]
    for size, name, rate in zip(hidden_sizes, names, rates, strict=True):
        rows.append(
            {"name": "linear", "out_features": size, "initializer": initializer}
        )
        rows.append(activation_row(name))
        if rate != 0:
            rows.append({"name": "dropout", "rate": rate})
    rows.append({"name": "linear", "out_features": classes, "initializer": initializer})
    return from_layers(layers=rows, input_shape=input_shape, classes=classes, seed=seed)
