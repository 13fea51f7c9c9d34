"""ResNet for small images."""

from collections.abc import Sequence
from typing import Literal

from handgrad.arrays import Shape
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.named_layers import InitializerChoice, Row, each
from handgrad.models.vgg import dropout_row
from handgrad.options import name_of

STEMS = ("small", "medium", "large")


def resnet(
    *,
    channels: Sequence[int] = (16, 32, 64),
    blocks: int | Sequence[int] = 1,
    stem: Literal["small", "medium", "large"] = "small",
    dropout: float = 0.0,
    initializer: InitializerChoice = "he_normal",
    input_shape: Shape = (3, 32, 32),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """ResNet for small images: stages of residual blocks.

    A block has two 3 x 3 convolutions with batch normalization; ReLU follows the first
    one and the sum with the shortcut. Each stage but the first halves height and width
    with a stride of 2 in its first block, whose shortcut is then a 1 x 1 convolution
    with batch normalization. Global average pooling and one linear layer follow the
    last stage. It has 78,000 parameters by default (resnet8), and 273,000 with
    `blocks=3`, the 20-layer network of the paper (resnet20).

    ConfigError without a stage or a block, for an unknown stem or initializer, or a
    number out of range; ShapeError for images that are too small.

    Shapes
        input_shape  (channels, height, width) of one image
        inputs       (batch, *input_shape), float32 or float64
        outputs      (batch, classes), logits

    Units
        channels     output channels of each stage
        blocks       residual blocks in each stage, or a list with one number for each
        stem         "small": one 3 x 3 convolution; "medium": the same with 2 x 2 max
                     pooling, for images of 64 pixels; "large": a 7 x 7 convolution with
                     stride 2 and 3 x 3 max pooling, for larger images
        dropout      fraction dropped before the linear layer, 0 <= dropout < 1
        initializer  of the weights: a name such as "he_normal" or "normal:0.01", or a
                     function of shape and key
        classes      number of classes
        seed         of the initial weights

    Source
        He, Zhang, Ren, Sun (2016), Deep residual learning for image recognition,
        sections 3.3 and 4.2, with shortcuts of option B.
    """
    if not channels:
        raise ConfigError(
            "resnet takes at least one stage, got channels=[]. Add the channels of one."
        )
    counts = each("resnet", "blocks", blocks, len(channels))
    if min(counts) < 1:
        raise ConfigError(
            f"resnet takes at least one block in each stage, got blocks={blocks}. "
            "Raise it."
        )
    rows = _stem(name_of("stem", dict.fromkeys(STEMS), stem), channels[0], initializer)
    before = channels[0]
    for stage, (count, repeats) in enumerate(zip(channels, counts, strict=True)):
        for number in range(repeats):
            stride = 2 if stage > 0 and number == 0 else 1
            rows += _block(before, count, stride, initializer)
            before = count
    rows += [{"name": "global_average_pool2d"}, *dropout_row(dropout)]
    rows.append({"name": "linear", "out_features": classes, "initializer": initializer})
    return from_layers(layers=rows, input_shape=input_shape, classes=classes, seed=seed)


def _stem(name: str, channels: int, initializer: InitializerChoice) -> list[Row]:
    """Rows before the first stage."""
    if name != "large":
        pools: list[Row] = [{"name": "max_pool2d", "kernel_size": 2}]
        rows = [*_normalized(channels, 3, 1, initializer), {"name": "relu"}]
        return rows + (pools if name == "medium" else [])
    pool: Row = {"name": "max_pool2d", "kernel_size": 3, "stride": 2, "padding": 1}
    return [*_normalized(channels, 7, 2, initializer), {"name": "relu"}, pool]


def _block(
    before: int, channels: int, stride: int, initializer: InitializerChoice
) -> list[Row]:
    """Rows of a residual block: two convolutions, their shortcut, and ReLU."""
    block: Row = {
        "name": "residual",
        "body": [
            *_normalized(channels, 3, stride, initializer),
            {"name": "relu"},
            *_normalized(channels, 3, 1, initializer),
        ],
    }
    if (before, stride) != (channels, 1):
        block["shortcut"] = _normalized(channels, 1, stride, initializer)
    return [block, {"name": "relu"}]


def _normalized(
    channels: int, kernel_size: int, stride: int, initializer: InitializerChoice
) -> list[Row]:
    """Rows of a convolution with batch normalization; stride 1 keeps the size."""
    convolution: Row = {
        "name": "conv2d",
        "out_channels": channels,
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": kernel_size // 2,
        "initializer": initializer,
    }
    return [convolution, {"name": "batch_norm2d"}]
