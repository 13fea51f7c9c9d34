"""Every ordered pair of layers, in every place of a network that takes it."""

from handgrad.errors import HandgradError

from .networks import (
    COMPILED,
    FLATTEN,
    GLOBAL,
    NORM_PICTURES,
    NORM_ROWS,
    SIGMOID,
    TANH,
    conv,
    layer,
    linear,
    network,
    pool,
)

LAYERS = {
    **{name: layer(name) for name in COMPILED},
    "softmax": layer("softmax"),
    "dropout of nothing": layer("dropout", rate=0.0),
    "dropout": layer("dropout", rate=0.5),
    "flatten": FLATTEN,
    "batch_norm1d": NORM_ROWS,
    "batch_norm2d": NORM_PICTURES,
    "max_pool2d": pool("max", 2, stride=1, padding=1),
    "average_pool2d": pool("average", 2, stride=1, padding=1),
    "global_average_pool2d": GLOBAL,
    "conv2d": conv(3, 2, padding=1),
    "linear": linear(4),
    "residual": layer("residual", body=[TANH]),
    "sequential": layer("sequential", layers=[TANH, SIGMOID]),
}
# what stands before the pair and after it
PLACES = {
    "first": ((), (FLATTEN, linear(4))),
    "pictures": ((conv(3, 2),), (conv(2, 2), FLATTEN, linear(4))),
    "pictures to rows": ((conv(3, 2),), (NORM_ROWS, linear(4))),
    "rows": ((FLATTEN, linear(7)), (NORM_ROWS, linear(4))),
    "last": ((FLATTEN, linear(4)), ()),
}


def networks_of(*names):
    """The networks in which these layers may follow one another, by place."""
    for place, (before, after) in PLACES.items():
        rows = [LAYERS[name] for name in names]
        made = network(*before, *rows, *after, shape=(1, 5, 4))
        try:
            made.model()
        except HandgradError:
            continue
        yield place, made
