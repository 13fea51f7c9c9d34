"""VGG for small images."""

from collections.abc import Sequence

from handgrad.arrays import Shape
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.named_layers import InitializerChoice, Row


def vgg(
    *,
    channels: Sequence[int | Sequence[int]] = (32, 64, 128),
    convolutions: int = 2,
    pool_early: bool = False,
    dropout: float = 0.0,
    initializer: InitializerChoice = "he_normal",
    input_shape: Shape = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """VGG for small images: stages of 3 x 3 convolutions with max pooling between them.

    Each stage has `convolutions` convolutions with batch normalization and ReLU. Global
    average pooling and one linear layer follow the last stage, so the network is small:
    289,000 parameters by default. With `pool_early` a pooling comes right after the
    last convolution of its stage, so that batch normalization and ReLU take a quarter
    of the time there.

    ConfigError without a stage or a convolution, for an unknown initializer or a number
    out of range; ShapeError for images that are too small.

    Shapes
        input_shape  (channels, height, width) of one image
        inputs       (batch, *input_shape), float32 or float64
        outputs      (batch, classes), logits

    Units
        channels     output channels of each stage, or of each of its convolutions, such
                     as [[32, 64], [64, 128], 128]
        dropout      fraction dropped after each pooling, 0 <= dropout < 1
        initializer  of the weights: a name such as "he_normal" or "normal:0.01", or a
                     function of shape and key
        classes      number of classes
        seed         of the initial weights

    Source
        Simonyan, Zisserman (2015), Very deep convolutional networks for large-scale
        image recognition, section 2.1; with the average of Lin, Chen, Yan (2014),
        Network in network, section 3.2.
    """
    stages = [_each(given, convolutions) for given in channels]
    if not (stages and all(stages)):
        raise ConfigError(
            "vgg takes at least one stage of at least one convolution, got channels="
            f"{list(channels)} and convolutions={convolutions}. Add stages or "
            "convolutions."
        )
    rows: list[Row] = []
    normalized: list[Row] = [{"name": "batch_norm2d"}, {"name": "relu"}]
    pool: Row = {"name": "max_pool2d", "kernel_size": 2}
    for number, stage in enumerate(stages, 1):
        for count in stage:
            rows += [_convolution(count, initializer), *normalized]
        if number < len(stages):
            rows[-2:] = [pool, *normalized] if pool_early else [*normalized, pool]
            rows += dropout_row(dropout)
    rows += [{"name": "global_average_pool2d"}, *dropout_row(dropout)]
    rows.append({"name": "linear", "out_features": classes, "initializer": initializer})
    return from_layers(layers=rows, input_shape=input_shape, classes=classes, seed=seed)


def _each(given: int | Sequence[int], convolutions: int) -> list[int]:
    """The channels of each convolution of a stage."""
    if isinstance(given, Sequence) and not isinstance(given, str):
        return list(given)
    return [given] * convolutions


def _convolution(count: int, initializer: InitializerChoice) -> Row:
    sizes = {"out_channels": count, "kernel_size": 3, "padding": 1}
    return {"name": "conv2d", **sizes, "initializer": initializer}


def dropout_row(rate: float) -> list[Row]:
    """Row for dropout, none if the rate is 0."""
    return [{"name": "dropout", "rate": rate}] if rate != 0 else []
