"""VGG for small images."""

from collections.abc import Sequence

from handgrad.arrays import Shape
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.named_layers import InitializerChoice, Row


def vgg(
    *,
    channels: Sequence[int] = (32, 64, 128),
    convolutions: int = 2,
    dropout: float = 0.0,
    initializer: InitializerChoice = "he_normal",
    input_shape: Shape = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """VGG for small images: stages of 3 x 3 convolutions with max pooling between them.

    Each stage has `convolutions` convolutions with batch normalization and ReLU. Global
    average pooling and one linear layer follow the last stage, so the network is small:
    289,000 parameters by default.

    ConfigError without a stage or a convolution, for an unknown initializer or a number
    out of range; ShapeError for images that are too small.

    Shapes
        input_shape  (channels, height, width) of one image
        inputs       (batch, *input_shape), float32 or float64
        outputs      (batch, classes), logits

    Units
        channels     output channels of each stage
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
    if not channels or convolutions < 1:
        raise ConfigError(
            "vgg takes at least one stage of at least one convolution, got channels="
            f"{list(channels)} and convolutions={convolutions}. Add stages or "
            "convolutions."
        )
    rows: list[Row] = []
    for stage, count in enumerate(channels):
        if stage > 0:
            rows.append({"name": "max_pool2d", "kernel_size": 2})
            rows += dropout_row(dropout)
        convolution: Row = {
            "name": "conv2d",
            "out_channels": count,
            "kernel_size": 3,
            "padding": 1,
            "initializer": initializer,
        }
        block: list[Row] = [convolution, {"name": "batch_norm2d"}, {"name": "relu"}]
        rows += convolutions * block
    rows += [{"name": "global_average_pool2d"}, *dropout_row(dropout)]
    rows.append({"name": "linear", "out_features": classes, "initializer": initializer})
    return from_layers(layers=rows, input_shape=input_shape, classes=classes, seed=seed)


def dropout_row(rate: float) -> list[Row]:
    """Row for dropout, none if the rate is 0."""
    return [{"name": "dropout", "rate": rate}] if rate != 0 else []
