"""Perceptrons whose sizes fill whole registers, and softmax regression on images."""

from .networks import FLATTEN, GELU, RELU, TANH, layer, linear, network

BY_ROWS = {
    "one hidden": network(FLATTEN, linear(32), RELU, linear(4), shape=(1, 4, 8)),
    "odd hidden outputs": network(
        *(FLATTEN, linear(48), GELU, linear(16), layer("gelu_tanh")),
        *(linear(13),),
        shape=(1, 4, 4),
        classes=13,
    ),
    "deep and wide": network(
        *(FLATTEN, linear(112), TANH, linear(64), layer("leaky_relu")),
        *(linear(80), layer("sigmoid"), linear(5)),
        shape=(3, 4, 4),
        classes=5,
    ),
    "dropouts": network(
        *(FLATTEN, linear(32), TANH, layer("dropout", rate=0.3)),
        *(linear(16), TANH, layer("dropout", rate=0.5), linear(4)),
        shape=(1, 4, 4),
    ),
    "silu": network(FLATTEN, linear(16), layer("silu"), linear(4), shape=(1, 4, 4)),
    "linear after linear": network(FLATTEN, linear(16), linear(4), shape=(1, 4, 4)),
}
SKINNY = {
    "softmax regression": network(FLATTEN, linear(10), shape=(1, 4, 4), classes=10),
    "eleven classes": network(FLATTEN, linear(11), shape=(3, 4, 4), classes=11),
    "one class": network(FLATTEN, linear(1), shape=(1, 4, 8), classes=1),
}
