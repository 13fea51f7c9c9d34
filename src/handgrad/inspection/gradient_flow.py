"""The gradient norm of each layer, and how it vanishes with depth."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray, Shape
from handgrad.engine.network_layers import multiplier_of
from handgrad.inspection.data_sample import data_sample
from handgrad.inspection.differentiable import NetworkValue
from handgrad.inspection.gradient_check import norm
from handgrad.inspection.result import Rows
from handgrad.inspection.sample import Where, sample_of
from handgrad.inspection.subject import Subject, subject_of
from handgrad.inspection.table import Table
from handgrad.inspection.untrained import check_untrained_only
from handgrad.models import mlp
from handgrad.models.named_layers import InitializerChoice
from handgrad.randomness import Key
from handgrad.ranges import check_count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEPTHS = (1, 2, 3, 5, 8, 12)
STARTS: dict[str, InitializerChoice] = {  # the usual initializer of each activation
    "sigmoid": "glorot_uniform",
    "relu": "he_normal",
}


@dataclass(frozen=True)
class FlowRow:
    """The gradient of one layer with parameters; `kind` is the layer's class.

    Units
        gradient_norm  Euclidean norm of all gradients of the layer
        weight_norm    Euclidean norm of all parameters of the layer
        trained        "frozen", "x 0.1" for a slowed layer, else empty
    """

    layer: str
    kind: str
    gradient_norm: float
    weight_norm: float
    trained: str = ""

    @property
    def ratio(self) -> float:
        """Gradient norm / weight norm: the relative update at learning rate 1."""
        return self.gradient_norm / self.weight_norm if self.weight_norm else np.inf


@dataclass(frozen=True)
class DepthRow:
    """The gradient norms of one deep network, first layer to last.

    `activation` is the activation between its layers.

    Units
        depth  number of hidden layers
    """

    activation: str
    depth: int
    norms: tuple[float, ...]

    @property
    def faded(self) -> float:
        """The first layer's gradient norm as a fraction of the last's."""
        return self.norms[0] / self.norms[-1]


@dataclass(frozen=True, repr=False, eq=False)
class GradientFlow(Rows[FlowRow]):
    """Gradient norms of one network, first layer to last.

    `rows` holds one row per layer; `what` describes the images.
    """

    rows: tuple[FlowRow, ...]
    what: str

    def table(self) -> Table:
        """Gradient norm, weight norm and their ratio for each layer."""
        heads = ("gradient norm", "weight norm", "ratio")
        rows = []
        for row in self.rows:
            sizes = (row.gradient_norm, row.weight_norm, row.ratio)
            rows.append((row.layer, row.kind, *(f"{size:.3e}" for size in sizes)))
        notes = [f"Measured on {self.what}, in float64."]
        if any(row.trained for row in self.rows):
            marked = (f"{r.layer} {r.trained}" for r in self.rows if r.trained)
            notes.append(f"Learning rate: {'; '.join(marked)}.")
        below = tuple(notes)
        return Table(("layer", "type", *heads), tuple(rows), right=heads, below=below)

    def figure(self) -> "Figure":
        """One bar per layer."""
        from handgrad.inspection.figures import gradient_flow as drawing

        return drawing.gradient_flow(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """`layers`: the fields and the ratio of each row."""
        return {"layers": [{**asdict(row), "ratio": row.ratio} for row in self.rows]}


@dataclass(frozen=True, repr=False, eq=False)
class DepthFlow(Rows[DepthRow]):
    """Gradient norms of untrained networks of increasing depth.

    `rows` holds one row per network; `what` describes the images.
    """

    rows: tuple[DepthRow, ...]
    what: str

    def table(self) -> Table:
        """The gradient norms of the first and the last layer of each network."""
        heads = ("hidden layers", "first layer", "last layer", "first / last")
        rows = []
        for row in self.rows:
            sizes = (row.norms[0], row.norms[-1], row.faded)
            numbers = (f"{size:.3e}" for size in sizes)
            rows.append((row.activation, str(row.depth), *numbers))
        notes = (f"Gradient norms on {self.what}, in float64.", self.finding)
        return Table(("activation", *heads), tuple(rows), right=heads, below=notes)

    def figure(self) -> "Figure":
        """Gradient norms by layer of each network, and of the first layer by depth."""
        from handgrad.inspection.figures import gradient_flow as drawing

        return drawing.depth_flow(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """`rows`: the fields of each row; `finding`: the finding."""
        rows = [asdict(row) for row in self.rows]
        return {"rows": rows, "finding": self.finding}

    @property
    def finding(self) -> str:
        """A sentence on the deepest networks."""
        return depth_finding(self.rows)


@takes_kinds
def gradient_flow(
    subject: Any = None,
    images: Any = None,
    labels: Any = None,
    *,
    count: int = 64,
    depths: Sequence[int] | None = None,
    **where: Unpack[Where],
) -> GradientFlow | DepthFlow:
    """The gradient norm of every layer with parameters, in float64, on one batch.

    `subject` is a fitted classifier, the path of a run, or a `Sequential`. The network
    runs in prediction mode: no dropout, and batch normalization with its running
    statistics. Without `images`, a random sample of `count` images of the run is used,
    selected by `split` ("test", "validation" or "train") or `dataset` (a name or path,
    searched for in `data_dir` first). Without a subject, untrained sigmoid and ReLU
    networks with `depths` hidden layers (default: 1, 2, 3, 5, 8, 12) are compared on
    the images, or on those of a data set.

    ConfigError for an unknown label or split, and for `depths` with a subject;
    ShapeError for images of the wrong shape.

    Shapes
        images  (count, ...), as the classifier takes them
        labels  (count,), class names or class numbers

    Example
        gradient_flow(clf, test_images[:64], test_labels[:64])

    Source
        Hochreiter (1991), Untersuchungen zu dynamischen neuronalen Netzen, chapter 3.
        Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward
        neural networks, section 4.2.
    """
    if subject is None:
        sample = data_sample(images, labels, count, shuffled=True, **where)
        chosen = DEPTHS if depths is None else depths
        rows = depth_flow(sample.inputs, sample.targets, depths=chosen)
        return DepthFlow(rows, sample.what)
    check_untrained_only(depths=depths)
    of = subject_of(subject)
    sample = sample_of(of, images, labels, count=count, shuffled=True, **where)
    return GradientFlow(flow_rows(of, sample.inputs, sample.targets), sample.what)


def flow_rows(
    subject: Subject, inputs: NumpyArray, targets: NumpyArray
) -> tuple[FlowRow, ...]:
    """One row per layer with parameters, on inputs as the network takes them."""
    network = subject.network
    value = NetworkValue(
        network, subject.loss, inputs, targets, key=Key(0), training=False
    )
    gradients = value.gradients()
    rows = []
    for name, layer in network.layers.items():
        own = [f"{name}.{parameter}" for parameter in layer.parameters()]
        if own:
            row = FlowRow(
                layer=name,
                kind=type(layer).__name__,
                gradient_norm=norm(gradients[key] for key in own),
                weight_norm=norm(value.point[key] for key in own),
                trained=multiplier_of(layer),
            )
            rows.append(row)
    return tuple(rows)


def depth_flow(
    inputs: NumpyArray,
    targets: NumpyArray,
    *,
    depths: Sequence[int] = DEPTHS,
    activations: Sequence[str] = tuple(STARTS),
    hidden: int = 64,
    seed: int = 0,
) -> tuple[DepthRow, ...]:
    """Untrained networks of increasing depth, with the initializer of each activation.

    The slope of a sigmoid is at most 1/4, so each layer scales the gradient by at most
    that factor, times the size of the weights; the slope of ReLU is 1 above 0.

    Shapes
        inputs   (batch, ...), normalised
        targets  (batch,), class numbers
    """
    shape: Shape = tuple(inputs.shape[1:])
    rows = []
    for activation in activations:
        for depth in depths:
            check_count("depth_flow", "depths", depth)
            model = mlp(
                hidden_sizes=[hidden] * depth,
                activations=activation,
                initializer=STARTS.get(activation, "glorot_uniform"),
                input_shape=shape,
                classes=int(targets.max()) + 1,
                seed=seed,
            )
            found = flow_rows(subject_of(model), inputs, targets)
            norms = [row.gradient_norm for row in found]
            rows.append(DepthRow(activation, depth, tuple(norms)))
    return tuple(rows)


def depth_finding(rows: Sequence[DepthRow]) -> str:
    """A sentence on the deepest networks."""
    deepest = max(row.depth for row in rows)
    parts = [
        f"{row.activation}: {row.faded:.1e}" for row in rows if row.depth == deepest
    ]
    layers = "layer" if deepest == 1 else "layers"
    return (
        f"With {deepest} hidden {layers}, gradient norm of the first layer / last "
        f"layer: {', '.join(parts)}."
    )
