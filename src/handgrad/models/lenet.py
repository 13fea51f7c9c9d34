"""LeNet-5, the classic convolutional network."""

from handgrad.arrays import Shape
from handgrad.layers import Sequential
from handgrad.models.from_layers import from_layers
from handgrad.models.named_layers import (
    InitializerChoice,
    Row,
    activation_row,
    pooling_row,
)


def lenet(
    *,
    activation: str = "sigmoid",
    pooling: str = "average",
    initializer: InitializerChoice = "glorot_uniform",
    input_shape: Shape = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """LeNet-5: two convolutions with pooling, then three linear layers.

    The original images were 32 x 32. For smaller ones the first convolution pads by
    2 pixels, so that the network for 28 x 28 images is the same.

    ConfigError for an unknown activation, pooling or initializer; ShapeError for images
    that are too small.

    Shapes
        input_shape  (channels, height, width) of one image
        inputs       (batch, *input_shape), float32 or float64
        outputs      (batch, classes), logits

    Units
        activation   an activation of `handgrad.network`, such as "gelu"
        pooling      average or max
        initializer  of the weights: a name such as "he_normal" or "normal:0.01", or a
                     function of shape and key
        classes      number of classes
        seed         of the initial weights

    Example
        lenet(activation="relu", pooling="max", input_shape=(3, 32, 32))

    Source
        LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to
        document recognition, section II.B; in the form of Zhang, Lipton, Li, Smola
        (2023), Dive into Deep Learning, section 7.6.
    """
    border = 2 if min(input_shape[1:], default=0) < 32 else 0
    rows = [
        convolution(6, border, initializer),
        activation_row(activation),
        pooling_row(pooling),
        convolution(16, 0, initializer),
        activation_row(activation),
        pooling_row(pooling),
        {"name": "flatten"},
        {"name": "linear", "out_features": 120, "initializer": initializer},
        activation_row(activation),
        {"name": "linear", "out_features": 84, "initializer": initializer},
        activation_row(activation),
        {"name": "linear", "out_features": classes, "initializer": initializer},
    ]
    return from_layers(layers=rows, input_shape=input_shape, classes=classes, seed=seed)


def convolution(out_channels: int, padding: int, initializer: InitializerChoice) -> Row:
    """Row for a 5 x 5 convolution."""
    return {
        "name": "conv2d",
        "out_channels": out_channels,
        "kernel_size": 5,
        "padding": padding,
        "initializer": initializer,
    }
