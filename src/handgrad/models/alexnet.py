"""AlexNet for small images."""

from collections.abc import Sequence
from itertools import chain

from handgrad.arrays import Shape
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.named_layers import (
    POOLINGS,
    InitializerChoice,
    Row,
    each,
    pooling_row,
)
from handgrad.options import name_of

CONVOLUTIONS = 5
POOLED = (1, 2, 5)  # the convolutions that pooling follows


def alexnet(  # noqa: PLR0913 - the five-convolutions study varies each
    *,
    channels: int | Sequence[int] = (64, 192, 384, 256, 256),
    kernel_sizes: int | Sequence[int] = 3,
    strides: int | Sequence[int] = 1,
    paddings: int | Sequence[int] = 1,
    pooling: str = "max",
    batch_norm: bool = True,
    dropout: float = 0.0,
    initializer: InitializerChoice = "he_normal",
    hidden_sizes: Sequence[int] = (256, 256),
    input_shape: Shape = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """AlexNet for small images: five convolutions and an MLP.

    Pooling follows convolutions 1, 2 and 5. `channels`, `kernel_sizes`, `strides` and
    `paddings` are one value for all convolutions, or a list of five, the last three in
    pixels; `batch_norm` adds batch normalization between each convolution and its ReLU.
    Pooling windows are 2 x 2; with `global_average` the last pooling is global average
    pooling, and the two before it are max pooling.

    ConfigError for lists of the wrong length, an unknown pooling or initializer, or a
    number out of range; ShapeError for images that are too small.

    Shapes
        input_shape  (channels, height, width) of one image
        inputs       (batch, *input_shape), float32 or float64
        outputs      (batch, classes), logits

    Units
        channels      output channels of each convolution
        pooling       max, average or global_average
        hidden_sizes  sizes of the hidden linear layers
        dropout       fraction dropped after each of them, 0 <= dropout < 1
        initializer   of the weights: a name such as "he_normal" or "normal:0.01", or a
                      function of shape and key
        classes       number of classes
        seed          of the initial weights

    Source
        Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep
        convolutional neural networks, section 3.5.
    """
    settings = {
        "out_channels": each("alexnet", "channels", channels, CONVOLUTIONS),
        "kernel_size": each("alexnet", "kernel_sizes", kernel_sizes, CONVOLUTIONS),
        "stride": each("alexnet", "strides", strides, CONVOLUTIONS),
        "padding": each("alexnet", "paddings", paddings, CONVOLUTIONS),
    }
    pooling = name_of("pooling", POOLINGS, pooling)
    blocks = [
        [
            {"name": "conv2d", "initializer": initializer}
            | {option: values[index] for option, values in settings.items()},
            *([{"name": "batch_norm2d"}] if batch_norm else []),
            {"name": "relu"},
            *pooling_after(index + 1, pooling),
        ]
        for index in range(CONVOLUTIONS)
    ]
    rows = [*chain(*blocks), {"name": "flatten"}]
    rows += head(hidden_sizes, dropout, initializer)
    rows.append({"name": "linear", "out_features": classes, "initializer": initializer})
    return from_layers(layers=rows, input_shape=input_shape, classes=classes, seed=seed)


def pooling_after(convolution: int, pooling: str) -> list[Row]:
    """Row for the pooling after this convolution, if any."""
    if convolution not in POOLED:
        return []
    if pooling != "global_average":
        return [pooling_row(pooling)]
    is_last = convolution == CONVOLUTIONS
    return [{"name": POOLINGS[pooling]} if is_last else pooling_row("max")]


def head(
    hidden_sizes: Sequence[int], dropout: float, initializer: InitializerChoice
) -> list[Row]:
    """Rows for the hidden linear layers."""
    rows: list[Row] = []
    for size in hidden_sizes:
        rows.append(
            {"name": "linear", "out_features": size, "initializer": initializer}
        )
        rows.append({"name": "relu"})
        if dropout != 0:
            rows.append({"name": "dropout", "rate": dropout})
    return rows
