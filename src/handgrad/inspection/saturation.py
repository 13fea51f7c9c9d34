"""The fraction of saturated units, whose small slope passes almost no gradient."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from handgrad import models
from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError
from handgrad.inspection.data_sample import data_sample
from handgrad.inspection.differentiable import in_float64
from handgrad.inspection.recording import record_layers
from handgrad.inspection.result import Rows
from handgrad.inspection.sample import Where, sample_of
from handgrad.inspection.subject import subject_of
from handgrad.inspection.table import Table
from handgrad.inspection.untrained import check_untrained_only
from handgrad.layers import Sequential
from handgrad.models.named_layers import ACTIVATION_LAYERS
from handgrad.ranges import check_positive

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BOUND = 0.01
SCALES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
HEADS = ("saturated", "dead", "mean |slope|")


@dataclass(frozen=True)
class SaturationRow:
    """Saturation of one activation layer on one batch; `kind` is the layer's class.

    Units
        share       fraction of (example, unit) pairs with |slope| below the bound
        dead        fraction of units with |slope| below the bound for every example
        mean_slope  mean of |slope|
    """

    layer: str
    kind: str
    share: float
    dead: float
    mean_slope: float


@dataclass(frozen=True)
class ScaleRow:
    """An untrained network whose initial weights have the standard deviation `scale`.

    `layers` holds one row per activation layer.
    """

    scale: float
    layers: tuple[SaturationRow, ...]


@dataclass(frozen=True, repr=False, eq=False)
class Saturation(Rows[SaturationRow]):
    """Saturation of one network: `rows` holds one row per activation layer.

    A unit with |slope| below `bound` is saturated; `what` describes the images.
    """

    rows: tuple[SaturationRow, ...]
    bound: float
    what: str

    def table(self) -> Table:
        """Fractions of saturated and dead units and the mean slope of each layer."""
        rows = tuple(map(_cells, self.rows))
        note = _note(self.bound, self.what)
        return Table(("layer", *HEADS), rows, right=HEADS, below=(note,))

    def figure(self) -> "Figure":
        """One bar per layer."""
        from handgrad.inspection.figures import saturation as drawing

        return drawing.saturation(self.rows, self.bound)

    def as_dict(self) -> dict[str, Any]:
        """`bound`, and `rows`: the fields of each layer."""
        rows = [{"scale": None, **asdict(row)} for row in self.rows]
        return {"bound": self.bound, "rows": rows}


@dataclass(frozen=True, repr=False, eq=False)
class SaturationByScale(Rows[ScaleRow]):
    """Saturation of untrained networks by standard deviation of the initial weights.

    `rows` holds one row per network. A unit with |slope| below `bound` is saturated;
    `what` describes the images.
    """

    rows: tuple[ScaleRow, ...]
    bound: float
    what: str

    def table(self) -> Table:
        """Fractions of saturated and dead units and the mean slope of each layer."""
        rows = tuple(
            (f"{row.scale:g}", *_cells(layer))
            for row in self.rows
            for layer in row.layers
        )
        note = _note(self.bound, self.what)
        return Table(("scale", "layer", *HEADS), rows, right=HEADS, below=(note,))

    def figure(self) -> "Figure":
        """One line per layer, against the scale."""
        from handgrad.inspection.figures import saturation as drawing

        return drawing.saturation_by_scale(self.rows, self.bound)

    def as_dict(self) -> dict[str, Any]:
        """`bound`, and `rows`: the scale and the fields of each layer."""
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
    scales: Sequence[float] | None = None,
    activation: str | None = None,
    **where: Unpack[Where],
) -> Saturation | SaturationByScale:
    """The fractions of saturated and dead units in each activation layer.

    Layers inside blocks are named as in `trace`, such as "residual_1.body.relu_1".
    `subject` is a fitted classifier, the path of a run, or a `Sequential`. The network
    runs in prediction mode. Without `images`, a random sample of `count` images of the
    run is used, selected by `split` ("test", "validation" or "train") or `dataset` (a
    name or path, searched for in `data_dir` first). Without a subject, untrained
    networks with `activation` (default: "sigmoid") and initial weights of `scales`
    (default: 0.01, 0.03, 0.1, 0.3, 1, 3) are compared on the images, or on those of a
    data set.

    ConfigError for a network without activation layers, an unknown split, and `scales`
    or `activation` with a subject; ShapeError for images of the wrong shape.

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
        classes = len(sample.class_names)
        build = deep(sample.image_shape, classes, activation=activation or "sigmoid")
        chosen = SCALES if scales is None else scales
        by_scale = saturation_by_scale(build, sample.inputs, scales=chosen, bound=bound)
        return SaturationByScale(by_scale, bound, sample.what)
    check_untrained_only(scales=scales, activation=activation)
    of = subject_of(subject)
    sample = sample_of(of, images, count=count, shuffled=True, **where)
    rows = saturation_rows(of.network, sample.inputs, bound=bound)
    return Saturation(rows, bound, sample.what)


def saturation_rows(
    model: Sequential, inputs: NumpyArray, *, bound: float = BOUND
) -> tuple[SaturationRow, ...]:
    """Saturation of every activation layer in prediction, by the layer's backward pass.

    Shapes
        inputs  (batch, ...), normalised as the network takes them
    """
    check_positive("saturation", "bound", bound)
    network, rows = in_float64(model), []
    assert isinstance(network, Sequential)
    records = record_layers(network)
    network.forward(inputs)
    for one in records:
        if isinstance(one.layer, ACTIVATION_LAYERS) and one.arrays:
            d_outputs = np.ones_like(one.arrays["outputs"])
            slopes = np.abs(one.layer.backward(d_outputs, one.cache)[0])
            flat = slopes < bound
            row = SaturationRow(
                layer=one.name,
                kind=type(one.layer).__name__,
                share=float(flat.mean()),
                dead=float(flat.all(axis=0).mean()),
                mean_slope=float(slopes.mean(dtype=np.float64)),
            )
            rows.append(row)
    if not rows:
        raise ConfigError(
            "saturation takes a network with activation layers, and this network has "
            "none. Give one with some, such as an mlp."
        )
    return tuple(rows)


def saturation_by_scale(
    build: Callable[[float], Sequential],
    inputs: NumpyArray,
    *,
    scales: Sequence[float] = SCALES,
    bound: float = BOUND,
) -> tuple[ScaleRow, ...]:
    """Saturation of an untrained network for each standard deviation of its weights.

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
    """A function that builds an untrained mlp, given the scale of its weights."""

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
    return (
        f"saturated: |slope| < {bound:g}; dead: saturated for every image. "
        f"Measured on {what}."
    )
