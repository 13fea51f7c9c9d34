"""Networks to compare the two engines on: a table, and random ones."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from handgrad.datasets.normalization import Normalization
from handgrad.engine.cpu import CpuEngine
from handgrad.engine.engine import Batch
from handgrad.engine.fences import beside_a_fence, checks_bounds
from handgrad.engine.lowering.table import row_of
from handgrad.engine.training_program import TrainingProgram
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import from_layers
from handgrad.models.from_layers import build_layers
from handgrad.models.named_layers import ACTIVATIONS
from handgrad.optimizers import SGD
from handgrad.randomness import Key, random_bits

from .residuals import residuals

KINKED = ("relu", "leaky_relu")
COMPILED = tuple(
    name for name, make in ACTIVATIONS.items() if row_of(make()).activation is not None
)
SMOOTH = tuple(name for name in COMPILED if name not in KINKED)
WINDOWS = ("conv2d", "max_pool2d", "average_pool2d")
SIDES = range(1, 15)
NORMALIZATIONS = {
    1: Normalization((0.4,), (0.3,)),
    3: Normalization((0.4, 0.5, 0.6), (0.3, 0.2, 0.25)),
}


@dataclass(frozen=True)
class Network:
    """Rows of layers, as `from_layers` takes them, for pictures of one shape."""

    rows: tuple[dict, ...]
    shape: tuple[int, int, int] = (1, 6, 5)
    classes: int = 4

    def model(self, seed=0):
        """The same parameters each time."""
        return from_layers(
            layers=[dict(row) for row in self.rows],
            input_shape=self.shape,
            classes=self.classes,
            seed=seed,
        )

    @property
    def normalization(self):
        return NORMALIZATIONS[self.shape[0]]

    def images(self, count, seed=0):
        """Pictures in which no two pixels of a channel are alike, where that can be.

        So no window holds two equal largest values, and no engine has to choose. Small
        pictures differ in brightness too, so that their means do.
        """
        bits = random_bits(Key(seed).child("images"), (count, *self.shape))
        flat = bits.reshape(count, self.shape[0], -1)
        ranks = flat.argsort(axis=-1).argsort(axis=-1)
        steps = max(flat.shape[-1] - 1, 1)
        brightest = 255 - bits[:, :1, 0, :1] % (256 - steps if steps < 128 else 1)
        return (ranks * brightest // steps).astype(np.uint8).reshape(count, *self.shape)

    def batch(self, count, seed=0):
        """Some rows of a larger set, out of order, with numbers of their own."""
        images = self.images(count + 3, seed)
        bits = random_bits(Key(seed).child("targets"), (count + 3,))
        targets = (bits % self.classes).astype(np.int64)
        rows = np.arange(count + 2, 2, -1, dtype=np.int64)
        arrays = (images, targets, rows, rows + 1000)
        return Batch(*(map(beside_a_fence, arrays) if checks_bounds() else arrays))


@dataclass
class Settings:
    """What an engine is made of, besides the network."""

    loss: object = field(default_factory=SoftmaxCrossEntropy)
    optimizer: object = field(default_factory=lambda: SGD(0.1))
    l2: object = None
    clip_norm: float | None = None
    seed: int = 3


def cpu_engine(
    network, settings=None, *, batch_size=70, workers=1, keep=False, isa=None
):
    """The engine of a network; `keep` makes its program keep gradients."""
    settings = settings or Settings()
    engine = CpuEngine(
        network.model(),
        settings.loss,
        settings.optimizer,
        network.normalization,
        input_shape=network.shape,
        batch_size=batch_size,
        workers=workers,
        seed=settings.seed,
        l2=settings.l2,
        clip_norm=settings.clip_norm,
        isa=isa,
    )
    if keep:
        engine._training = TrainingProgram(engine, keep_gradients=True)
    return engine


def layer(name, **options):
    """One row."""
    return {"name": name, **options}


def conv(out, kernel, **options):
    """A row of a convolution."""
    return layer("conv2d", out_channels=out, kernel_size=kernel, **options)


def linear(out, **options):
    """A row of a linear layer."""
    return layer("linear", out_features=out, **options)


def pool(kind, kernel, **options):
    """A row of a pooling."""
    return layer(f"{kind}_pool2d", kernel_size=kernel, **options)


def network(*rows, shape=(1, 6, 5), classes=4):
    """A network of these rows."""
    return Network(rows, shape, classes)


FLATTEN, RELU, TANH = layer("flatten"), layer("relu"), layer("tanh")
SIGMOID, GELU, GLOBAL = layer("sigmoid"), layer("gelu"), layer("global_average_pool2d")
NORM_ROWS, NORM_PICTURES = layer("batch_norm1d"), layer("batch_norm2d")

# Every kind of layer, and every way in which the engine lays one after another.
NETWORKS = {
    "softmax regression": network(FLATTEN, linear(4)),
    "one pixel": network(FLATTEN, linear(2), shape=(1, 1, 1), classes=2),
    "perceptron": network(FLATTEN, linear(9), RELU, linear(4)),
    "deep": network(
        FLATTEN,
        *(linear(37), GELU, linear(70), layer("gelu_tanh"), linear(5), SIGMOID),
        linear(4),
        shape=(3, 5, 4),
    ),
    "linear after linear": network(FLATTEN, linear(5), linear(4)),
    "activation first": network(TANH, FLATTEN, linear(4)),
    "dropout first": network(layer("dropout", rate=0.25), FLATTEN, linear(4)),
    "dropout of nothing": network(FLATTEN, layer("dropout", rate=0.0), linear(4)),
    "dropouts": network(
        *(FLATTEN, linear(9), TANH, layer("dropout", rate=0.5)),
        *(linear(6), layer("dropout", rate=0.2), TANH, linear(4)),
    ),
    "lenet": network(
        *(conv(3, 3, padding=1), RELU, pool("max", 2)),
        *(conv(5, 2), RELU, pool("max", (1, 2))),
        *(FLATTEN, linear(6), RELU, linear(4)),
        shape=(1, 8, 10),
    ),
    "average pooling": network(
        *(conv(2, 3, padding=1), SIGMOID, pool("average", 2)),
        *(conv(4, 2), SIGMOID, pool("average", 2), FLATTEN, linear(4)),
        shape=(3, 8, 8),
    ),
    "convolution to linear": network(conv(3, 2), TANH, FLATTEN, linear(4)),
    "bare convolution to linear": network(conv(3, 2), FLATTEN, linear(4)),
    "convolution after convolution": network(
        conv(3, 2), conv(2, 3, padding=1), FLATTEN, linear(4)
    ),
    "strides and pairs": network(
        *(conv(5, (2, 3), stride=(2, 1), padding=(1, 0)), GELU),
        *(conv(2, (1, 2), stride=(1, 2), padding=(0, 1)), TANH, FLATTEN, linear(3)),
        shape=(3, 7, 6),
        classes=3,
    ),
    "stride beyond the kernel": network(
        conv(2, 1, stride=3), TANH, conv(2, 1, stride=2), FLATTEN, linear(4)
    ),
    "large kernels, stride of three": network(
        *(conv(3, 4, stride=3), TANH, conv(4, (5, 4), stride=3, padding=(2, 3))),
        *(TANH, conv(2, (1, 4), stride=(1, 3), padding=(0, 2)), FLATTEN, linear(4)),
        shape=(3, 14, 13),
    ),
    "large first kernel, stride of three": network(
        conv(5, (6, 5), stride=3, padding=(3, 2)), FLATTEN, linear(4), shape=(1, 11, 9)
    ),
    "overlapping pooling": network(
        *(conv(3, 2), layer("leaky_relu")),
        *(pool("max", 3, stride=(1, 2), padding=1), TANH),
        *(pool("average", (3, 2), stride=1, padding=1), FLATTEN, linear(4)),
    ),
    "pooling after pooling": network(
        *(pool("max", 2, stride=1), conv(2, 1), pool("max", 2, stride=1)),
        *(pool("average", 2), FLATTEN, linear(4)),
    ),
    "global pooling": network(conv(6, 3), RELU, conv(4, 1), GLOBAL),
    "pooled pictures to linear": network(conv(4, 2), TANH, GLOBAL, linear(4)),
    "dropout of pictures": network(
        *(conv(3, 2), RELU, layer("dropout", rate=0.3), conv(2, 2, padding=1)),
        *(layer("dropout", rate=0.3), FLATTEN, linear(4)),
    ),
    "many channels": network(
        *(conv(32, 3, padding=1), TANH, conv(64, 3, padding=(2, 0)), TANH),
        *(pool("max", 2, stride=1), conv(33, 3, padding=1), SIGMOID),
        *(GLOBAL, linear(4)),
        shape=(1, 7, 9),
    ),
    "many channels, batch norm": network(
        *(conv(32, 2), NORM_PICTURES, RELU, conv(32, 3, padding=1), NORM_PICTURES),
        *(TANH, conv(34, 3), FLATTEN, linear(4)),
    ),
    "pooling before batch norm": network(
        *(conv(6, 2), GELU, conv(32, 3, padding=1), pool("max", 2), NORM_PICTURES),
        *(GELU, conv(32, 3, padding=1), NORM_PICTURES, GELU, pool("max", (3, 2))),
        *(FLATTEN, linear(4)),
        shape=(3, 7, 6),
    ),
    "batch norm of pictures": network(
        *(conv(3, 2), NORM_PICTURES, RELU, conv(2, 2), NORM_PICTURES, TANH),
        *(FLATTEN, linear(4)),
    ),
    "batch norm of rows": network(
        *(FLATTEN, linear(7), NORM_ROWS, RELU, linear(6), NORM_ROWS, TANH, linear(4)),
    ),
    "residual": network(
        *(conv(3, 2), layer("residual", body=[conv(3, 3, padding=1), NORM_PICTURES])),
        *(TANH, FLATTEN, linear(4)),
    ),
    "softmax between": network(FLATTEN, linear(5), layer("softmax"), linear(4)),
    "softmax first": network(FLATTEN, layer("softmax"), linear(4)),
    "softmax last": network(FLATTEN, linear(4), layer("softmax")),
    "batch norm last": network(FLATTEN, linear(4), NORM_ROWS),
    "every activation": network(
        *(row for name in COMPILED for row in (conv(3, 1), layer(name))),
        *(pool("max", 2), FLATTEN),
        *(row for name in COMPILED for row in (linear(6), layer(name))),
        linear(4),
    ),
    "activation last": network(FLATTEN, linear(4), TANH),
    "activation of pictures last": network(conv(4, (6, 5)), SIGMOID, FLATTEN),
    "batch norm and relu last": network(FLATTEN, linear(4), NORM_ROWS, RELU),
}


@st.composite
def networks(draw, activations=SMOOTH + KINKED, norms=True):
    """Random networks that fit their pictures: any layer, in any order, repeated."""
    start = tuple(draw(st.sampled_from(sizes)) for sizes in ([1, 3], SIDES, SIDES))
    rows, shape, kinds = [], start, (activations, norms)
    for _ in range(draw(st.integers(0, 6))):
        rows.append(draw(any_row(shape, *kinds)))
        shape = shape_after(rows[-1], shape)
    if len(shape) == 3:
        rows.append(draw(st.sampled_from([FLATTEN, FLATTEN, GLOBAL])))
    classes = draw(st.integers(2, 10))
    rows.append(linear(classes))
    if draw(st.sampled_from([True, False, False])):
        rows.append(draw(same_shape((classes,), *kinds)))
    return Network(tuple(rows), start, classes)


def shape_after(row, shape):
    """The shape of what a layer of this row gives."""
    _, after = build_layers([row], shape, Key(0))
    return after


@st.composite
def any_row(draw, shape, activations, norms):
    """A layer that takes examples of this shape."""
    rows = [same_shape(shape, activations, norms), st.just(FLATTEN)]
    if len(shape) == 3:
        windows = [window_row(shape[1:], kind) for kind in WINDOWS]
        rows += [*windows, *windows, st.just(GLOBAL)]
    else:
        rows += 2 * [st.sampled_from([1, 3, 16, 61]).map(linear)]
    return draw(st.one_of(rows))


@st.composite
def same_shape(draw, shape, activations, norms):
    """A layer that gives what it takes: alone, in a residual, or two in one."""
    norm = NORM_PICTURES if len(shape) == 3 else NORM_ROWS
    rates = st.sampled_from([0.0, 0.25])
    plain = [*map(layer, activations), layer("softmax"), *([norm] if norms else [])]
    rows = [st.sampled_from(plain), rates.map(lambda rate: layer("dropout", rate=rate))]
    inner = st.sampled_from([layer(name) for name in activations])
    rows += [
        residuals(shape, inner),
        st.tuples(inner, inner).map(lambda two: layer("sequential", layers=[*two])),
    ]
    return draw(st.one_of(rows[0], *rows))


@st.composite
def window_row(draw, size, kind):
    """A convolution or a pooling of pictures of this size."""
    kernel = tuple(draw(st.integers(1, min(3, length))) for length in size)
    if kind == "conv2d":
        padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    else:
        padding = tuple(draw(st.integers(0, length // 2)) for length in kernel)
    options = {
        "kernel_size": kernel,
        "stride": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "padding": padding,
    }
    if kind == "conv2d":
        options["out_channels"] = draw(st.sampled_from([1, 2, 5, 8]))
    return layer(kind, **options)
