"""The multilayer perceptron, by lists."""

from collections.abc import Sequence

from handgrad.arrays import Shape
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.parts import InitializerChoice, Row, activation_row, each


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
    """Linear layers with activations between them, and dropout after each where asked.

    `activations` and `dropout` (the fraction dropped) are one value for all hidden
    layers or a list with one for each.

    Shapes
        inputs   (batch, *input_shape)
        outputs  (batch, classes), logits

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
