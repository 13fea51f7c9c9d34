"""Networks with residual connections of every shape, and random ones."""

from hypothesis import strategies as st

BN = {"name": "batch_norm2d"}
RELU, TANH, FLATTEN = {"name": "relu"}, {"name": "tanh"}, {"name": "flatten"}
DROPOUT = {"name": "dropout", "rate": 0.3}


def residual(*body, shortcut=None):
    """A row of a residual connection."""
    ways = {"body": list(body), "shortcut": shortcut}
    return {"name": "residual", **{k: v for k, v in ways.items() if v is not None}}


def conv(out, kernel=3, stride=1):
    """A row of a convolution; at stride 1 the size stays."""
    sizes = {"out_channels": out, "kernel_size": kernel}
    return {"name": "conv2d", **sizes, "stride": stride, "padding": kernel // 2}


def linear(out):
    """A row of a linear layer."""
    return {"name": "linear", "out_features": out}


def sequential(*rows):
    """A row of layers within a layer."""
    return {"name": "sequential", "layers": list(rows)}


HEAD = (FLATTEN, linear(4))
ROWS = {
    "first of all": (residual(conv(1), TANH, conv(1)), *HEAD),
    "first of all, linear": (FLATTEN, residual(linear(30), TANH), linear(4)),
    "with a shortcut first": (residual(conv(5), shortcut=[conv(5, 1)]), TANH, *HEAD),
    "blocks": (
        *(conv(3), BN, RELU, residual(conv(3), BN, RELU, conv(3), BN), RELU),
        residual(
            *(conv(5, stride=2), BN, RELU, conv(5), BN),
            shortcut=[conv(5, 1, stride=2), BN],
        ),
        *(RELU, *HEAD),
    ),
    "wide blocks": (
        *(conv(32), residual(conv(32), BN, RELU, conv(32), BN), RELU),
        *(residual(conv(48), shortcut=[conv(48, 1)]), TANH, *HEAD),
    ),
    "within each other": (
        *(conv(4), residual(residual(conv(4), BN), TANH, conv(4)), RELU),
        *(residual(residual(TANH), shortcut=[residual(TANH), BN]), *HEAD),
    ),
    "of one activation": (conv(2), residual(RELU), residual(TANH), RELU, *HEAD),
    "of nothing": (conv(2), residual(), TANH, residual(shortcut=[]), *HEAD),
    "with dropout": (
        *(conv(2), residual(DROPOUT), TANH, residual(DROPOUT, conv(2)), DROPOUT),
        *(FLATTEN, linear(6), residual(TANH, DROPOUT, linear(6)), RELU, linear(4)),
    ),
    "with a layer of no kernel": (
        *(FLATTEN, linear(5), residual({"name": "softmax"}, linear(5)), linear(4)),
    ),
    "flattened": (
        residual(FLATTEN, linear(7), shortcut=[conv(2), FLATTEN, linear(7)]),
        *(TANH, linear(4)),
    ),
    "last of all": (*HEAD, residual(TANH, linear(4))),
    "layers within layers": (
        *(sequential(conv(3), sequential(BN, RELU)), sequential(DROPOUT)),
        *(residual(sequential(conv(3), TANH)), sequential(*HEAD)),
    ),
    "pooled": (
        *(conv(3), TANH, residual({"name": "max_pool2d", "kernel_size": 1}), RELU),
        *({"name": "max_pool2d", "kernel_size": 2}, {"name": "global_average_pool2d"}),
        linear(4),
    ),
}


@st.composite
def residuals(draw, shape, inner):
    """A residual connection that gives what it takes; `inner` draws activations."""
    body = [draw(inner)]
    shortcut = draw(st.sampled_from([None, [], [draw(inner)]]))
    if len(shape) == 3:
        body.append(draw(st.sampled_from([BN, DROPOUT, conv(shape[0])])))
    else:
        body.append(draw(st.sampled_from([DROPOUT, linear(shape[0])])))
    return residual(*body, shortcut=shortcut)
