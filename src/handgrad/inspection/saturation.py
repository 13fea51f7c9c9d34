"""The share of units whose slope is so small that almost no gradient passes.

Source
    Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward
    neural networks, section 3.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from handgrad import layers, models
from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError
from handgrad.inspection.data_sample import data_sample
from handgrad.inspection.result import Rows
from handgrad.inspection.sample import Where, sample_of
from handgrad.inspection.subject import subject_of
from handgrad.inspection.table import Table
from handgrad.layers import Sequential
from handgrad.ranges import check_positive

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BOUND = 0.01
SCALES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
HEADS = ("saturated", "dead", "mean |slope|")
ACTIVATIONS = (
    *(layers.ReLU, layers.LeakyReLU, layers.GELU, layers.SiLU, layers.Tanh),
    layers.Sigmoid,
)


@dataclass(frozen=True)
class SaturationRow:
    """One activation layer on one batch; `kind` is its class.

    Units
        share       the fraction of (example, unit) pairs with |slope| below the bound
        dead        the fraction of units below it for every example
        mean_slope  the mean of |slope|
    """

    layer: str
    kind: str
    share: float
    dead: float
    mean_slope: float


@dataclass(frozen=True)
class ScaleRow:
    """An untrained network whose initial weights have the standard deviation `scale`.

    `layers` holds a row for each activation layer.
    """

    scale: float
    layers: tuple[SaturationRow, ...]


@dataclass(frozen=True, repr=False, eq=False)
class Saturation(Rows[SaturationRow]):
    """The activation layers of one network, a row for each in `rows`.

    A slope below `bound` is saturated; `what` says on which images.
    """

    rows: tuple[SaturationRow, ...]
    bound: float
    what: str

    def table(self) -> Table:
        """Shares of saturated and dead units, and the mean slope, of each layer."""
        rows = tuple(("", *_cells(row)) for row in self.rows)
        note = _note(self.bound, self.what)
        return Table(("", "layer", *HEADS), rows, right=HEADS, below=(note,))

    def figure(self) -> "Figure":
        """One bar for each layer."""
        from handgrad.inspection.figures import saturation as drawing

        return drawing.saturation(self.rows, self.bound)

    def as_dict(self) -> dict[str, Any]:
        """The bound, and `rows`: the fields of each layer."""
        rows = [{"scale": None, **asdict(row)} for row in self.rows]
        return {"bound": self.bound, "rows": rows}


@dataclass(frozen=True, repr=False, eq=False)
class SaturationByScale(Rows[ScaleRow]):
    """Untrained networks, one for each standard deviation of the initial weights.

    `rows` holds a row for each. A slope below `bound` is saturated; `what` says on
    which images.
    """

    rows: tuple[ScaleRow, ...]
    bound: float
    what: str

    def table(self) -> Table:
        """Shares of saturated and dead units, and the mean slope, of each layer."""
        rows = tuple(
            (f"{row.scale:g}", *_cells(layer))
            for row in self.rows
            for layer in row.layers
        )
        note = _note(self.bound, self.what)
        return Table(("scale", "layer", *HEADS), rows, right=HEADS, below=(note,))

    def figure(self) -> "Figure":
        """One line for each layer against the scale."""
        from handgrad.inspection.figures import saturation as drawing

        return drawing.saturation_by_scale(self.rows, self.bound)

    def as_dict(self) -> dict[str, Any]:
        """The bound, and `rows`: scale and fields of each layer."""
        rows = [
            {"scale": row.scale, **asdict(layer)}
            for row in self
            for layer in row.layers
        ]
        return {"bound": self.bound, "rows": rows}


@takes_kinds
def saturation(
    subject: Any = None,
    images: Any = None,
    *,
    bound: float = BOUND,
    count: int = 64,
    scales: Sequence[float] = SCALES,
    activation: str = "sigmoid",
    **where: Unpack[Where],
) -> Saturation | SaturationByScale:
    """The fractions of saturated and dead units in each activation layer.

    `subject` is a fitted classifier, the path of a run, or a `Sequential`. The network
    predicts. Without `images` the first `count` of the run's are taken; `split`
    ("test", "validation" or "train") or `dataset` (a name or path, searched in
    `data_dir` first) chooses them. Without a subject, untrained networks with
    `activation` and initial weights of `scales` are compared on the images, or on those
    of a data set.

    ConfigError for a network without activation layers or an unknown split; ShapeError
    for images of another shape.

    Shapes
        images  (count, ...), as the classifier takes them

    Units
        bound   a unit with |derivative| below it is saturated
        scales  standard deviations of the initial weights

    Example
        saturation(clf, test_images[:64])

    Source
        Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward
        neural networks, section 3.
    """
    if subject is None:
        sample = data_sample(images, None, count, shuffled=True, **where)
        build = deep(sample.image_shape, len(sample.class_names), activation=activation)
        by_scale = saturation_by_scale(build, sample.inputs, scales=scales, bound=bound)
        return SaturationByScale(by_scale, bound, sample.what)
    of = subject_of(subject)
    sample = sample_of(of, images, count=count, shuffled=True, **where)
    rows = saturation_rows(of.network, sample.inputs, bound=bound)
    return Saturation(rows, bound, sample.what)


def saturation_rows(
    model: Sequential, inputs: NumpyArray, *, bound: float = BOUND
) -> tuple[SaturationRow, ...]:
    """Every activation layer of a network that predicts, by its own backward pass.

    Shapes
        inputs  (batch, ...), normalised as the network takes them
    """
    check_positive("saturation", "bound", bound)
    rows, outputs = [], inputs
    for name, layer in model.layers.items():
        outputs, cache = layer.forward(outputs)
        if isinstance(layer, ACTIVATIONS):
            slopes = np.abs(layer.backward(np.ones_like(outputs), cache)[0])
            flat = slopes < bound
            row = SaturationRow(
                layer=name,
                kind=type(layer).__name__,
                share=float(flat.mean()),
                dead=float(flat.all(axis=0).mean()),
                mean_slope=float(slopes.mean(dtype=np.float64)),
            )
            rows.append(row)
    if not rows:
        raise ConfigError(
            "saturation looks at activations, and this network has none in its own "
            "list of layers. Give a network with some, such as an mlp."
        )
    return tuple(rows)


def saturation_by_scale(
    build: Callable[[float], Sequential],
    inputs: NumpyArray,
    *,
    scales: Sequence[float] = SCALES,
    bound: float = BOUND,
) -> tuple[ScaleRow, ...]:
    """Untrained networks, one for each standard deviation of the initial weights.

    Example
        saturation_by_scale(deep((1, 8, 8), 10), inputs)
    """
    return tuple(
        ScaleRow(scale, saturation_rows(build(scale), inputs, bound=bound))
        for scale in scales
    )


def deep(
    input_shape: Sequence[int],
    classes: int,
    *,
    activation: str = "sigmoid",
    hidden_sizes: Sequence[int] = (64, 64, 64),
    seed: int = 0,
) -> Callable[[float], Sequential]:
    """A function from the scale of normal initial weights to an untrained network."""

    def build(scale: float) -> Sequential:
        return models.mlp(
            hidden_sizes=hidden_sizes,
            activations=activation,
            initializer={"name": "normal", "std": scale},
            input_shape=tuple(input_shape),
            classes=classes,
            seed=seed,
        )

    return build


def _cells(row: SaturationRow) -> tuple[str, ...]:
    return row.layer, f"{row.share:.1%}", f"{row.dead:.1%}", f"{row.mean_slope:.3g}"


def _note(bound: float, what: str) -> str:
    return f"Saturated: |slope| < {bound:g}; dead: for every image. On {what}."
