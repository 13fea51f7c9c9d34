"""Airbench: a convolutional network for short trainings on small images."""

from collections.abc import Sequence

from handgrad.arrays import Pair, Shape
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.named_layers import InitializerChoice, Row, activation_row
from handgrad.models.vgg import dropout_row
from handgrad.ranges import check_at_least


def airbench(  # noqa: PLR0913 (all settings of the network)
    *,
    channels: Sequence[int] = (32, 64, 128),
    patch_size: int = 2,
    patch_stride: int = 1,
    patch_channels: int = 24,
    activation: str = "gelu",
    dropout: float = 0.0,
    initializer: InitializerChoice = "he_normal",
    input_shape: Shape = (3, 32, 32),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """Airbench: stages of two 3 x 3 convolutions, pooled after the first one.

    A convolution on small patches comes first; its initial weights whiten them (see
    `handgrad.initializers.whitening`). Each stage halves height and width by max
    pooling right after its first convolution, so that batch normalization, activation
    and second convolution take a quarter of the time. Global max pooling and one linear
    layer follow the last stage. It has 296,000 parameters by default.

    ConfigError without a stage, for an unknown activation or initializer, or a number
    out of range; ShapeError for images that are too small.

    Shapes
        input_shape  (channels, height, width) of one image
        inputs       (batch, *input_shape), float32 or float64
        outputs      (batch, classes), logits

    Units
        channels        output channels of each stage; the paper has (64, 256, 256)
        patch_size      height and width of the first convolution's patches in pixels
        patch_stride    distance of neighbouring patches in pixels; images of 64 pixels
                        suit patches of 2 with a stride of 2, those of 96, 3 and 3
        patch_channels  output channels of the first convolution; the paper has twice
                        the numbers of a patch
        activation      after the first convolution and each batch normalization
        dropout         fraction dropped before the linear layer, 0 <= dropout < 1
        initializer     of the other weights: a name such as "he_normal" or
                        "normal:0.01", or a function of shape and key
        classes         number of classes
        seed            of the initial weights

    Source
        Jordan (2024), 94% on CIFAR-10 in 3.29 seconds on a single GPU, sections
        3.1 and 3.2; here the first convolution is trained like the others.
    """
    if not channels:
        raise ConfigError(
            "airbench takes at least one stage, got channels=[]. Add the channels of "
            "one."
        )
    check_at_least("airbench", "patch_size", patch_size, 1)
    check_at_least("airbench", "patch_stride", patch_stride, 1)
    act = activation_row(activation)
    rows = [
        _convolution(
            patch_channels, "whitening", kernel_size=patch_size, stride=patch_stride
        ),
        act,
    ]
    for count in channels:
        convolution = _convolution(count, initializer, kernel_size=3, padding=1)
        normalized: list[Row] = [{"name": "batch_norm2d"}, act]
        rows += [convolution, _pool(2), *normalized, convolution, *normalized]
    stages, size = len(channels), input_shape[1:] if len(input_shape) == 3 else (1, 1)
    height, width = (_left(side, patch_size, patch_stride, stages) for side in size)
    rows += [_pool((height, width)), {"name": "flatten"}, *dropout_row(dropout)]
    rows.append({"name": "linear", "out_features": classes, "initializer": initializer})
    return from_layers(layers=rows, input_shape=input_shape, classes=classes, seed=seed)


def _convolution(count: int, initializer: InitializerChoice, **windows: int) -> Row:
    row: Row = {"name": "conv2d", "out_channels": count, **windows}
    return {**row, "initializer": initializer}


def _pool(size: int | Pair) -> Row:
    return {"name": "max_pool2d", "kernel_size": size}


def _left(size: int, patch: int, stride: int, stages: int) -> int:
    """Pixels of a side after the stages; 1 where a layer refuses a smaller one."""
    patches = (size - patch) // stride + 1
    return max(1, patches >> stages)
