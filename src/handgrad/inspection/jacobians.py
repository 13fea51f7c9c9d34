"""The six Jacobians of the two-layer perceptron, formed in full and checked.

For one example x, in the notation of docs/derivations/two_layer_perceptron.md:

    a1 = W1 x + b1      f1 = sigmoid(a1)      a2 = W2 f1 + b2

A network never forms them: most of their entries are 0. They are formed here to be
shown, checked against finite differences, and multiplied to give the gradients that
backpropagation computes without them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray, Shape
from handgrad.errors import ConfigError, ShapeError
from handgrad.inspection.data_sample import data_sample
from handgrad.inspection.result import Rows
from handgrad.inspection.sample import Where, image_of, only, up_to
from handgrad.inspection.subject import subject_of
from handgrad.inspection.table import Table, sizes
from handgrad.layers import Linear, Sequential, Sigmoid
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import perceptron
from handgrad.randomness import Key, permutation
from handgrad.ranges import check_count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Function: TypeAlias = Callable[[NumpyArray], NumpyArray]

EPS = 1e-6
COLUMNS = 256  # maximum number of inputs perturbed per Jacobian


@dataclass(frozen=True)
class Jacobian:
    """One Jacobian: `value[k, ...]` is the derivative of output k by each input entry.

    `name` is the derivative, such as da2/dW2; `equation` is how it is computed.

    Units
        columns    number of entries perturbed to check it
        max_error  maximum absolute difference from the central differences
    """

    name: str
    equation: str
    value: NumpyArray
    columns: int
    max_error: float

    @property
    def shape(self) -> Shape:
        """Output sizes first, then the sizes of the input."""
        return tuple(self.value.shape)

    @property
    def nonzero(self) -> float:
        """The fraction of nonzero entries."""
        return float(np.count_nonzero(self.value)) / self.value.size

    def as_dict(self) -> dict[str, Any]:
        """Name, equation, shape, nonzero fraction and error, without the entries."""
        names = ("name", "equation", "shape", "nonzero", "columns", "max_error")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class PerceptronPoint:
    """The parameters of a perceptron and one example, in float64.

    Shapes
        x (inputs,), w1 (hidden, inputs), b1 (hidden,),
        w2 (classes, hidden), b2 (classes,)
    """

    x: NumpyArray
    w1: NumpyArray
    b1: NumpyArray
    w2: NumpyArray
    b2: NumpyArray

    @property
    def f1(self) -> NumpyArray:
        """The outputs of the hidden units."""
        return sigmoid(self.w1 @ self.x + self.b1)


@dataclass(frozen=True, repr=False, eq=False)
class Jacobians(Rows[Jacobian]):
    """The six Jacobians, from the last layer to the first, in `rows`."""

    rows: tuple[Jacobian, ...]

    def table(self, *, show_values: bool = False) -> Table:
        """Shape, nonzero fraction and error of each; `show_values` adds the corners."""
        heads = ("nonzero", "entries checked", "max error")
        rows = tuple(
            (
                one.name,
                one.equation,
                sizes(one.shape),
                f"{one.nonzero:.1%}",
                str(one.columns),
                f"{one.max_error:.1e}",
            )
            for one in self.rows
        )
        note = "max error: absolute, against central differences, in float64."
        corners = [
            f"{one.name}\n{np.array2string(one.value, threshold=50, precision=4)}"
            for one in self.rows
        ]
        below = (note, *(corners if show_values else ()))
        return Table(
            ("Jacobian", "equation", "shape", *heads), rows, right=heads, below=below
        )

    def figure(self) -> "Figure":
        """One panel per Jacobian."""
        from handgrad.inspection.figures import jacobians as drawing

        return drawing.jacobians(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """`jacobians`: name, equation, shape, nonzero fraction and error of each."""
        return {"jacobians": [one.as_dict() for one in self.rows]}


@takes_kinds
def jacobians(
    subject: Any = None,
    images: Any = None,
    *,
    image: int | None = None,
    columns: int = COLUMNS,
    seed: int = 0,
    **where: Unpack[Where],
) -> Jacobians:
    """The six Jacobians of a two-layer perceptron for one image, in float64.

    `subject` is a fitted classifier, the path of a run, or a `Sequential`. Without one,
    an untrained perceptron for images of that size is used. Without `images`, an image
    of the run or of a data set is used, selected by `split` ("test", "validation" or
    "train") or `dataset` (a name or path, searched for in `data_dir` first).

    ConfigError for another kind of network or an image number out of range; ShapeError
    for an image of the wrong shape.

    Shapes
        images  one image as the classifier takes it; or several, and `image` is the
                number of one of them, counted from 0

    Units
        columns  maximum number of entries checked per Jacobian by finite differences;
                 of more entries, a random sample drawn by `seed`

    Example
        clf = Classifier("perceptron").fit(images, labels)
        jacobians(clf, test_images[0])

    Source
        Bishop (2006), Pattern Recognition and Machine Learning, section 5.3.4.
    """
    check_count("jacobians", "columns", columns)
    if subject is None:
        sample = only(data_sample(images, None, up_to(image), **where), image)
        shape, classes = sample.image_shape, len(sample.class_names)
        model = perceptron(input_shape=shape, classes=classes)
    else:
        of = subject_of(subject)
        sample, model = image_of(of, images, None, image, **where), of.network
    rows = jacobians_at(model, sample.inputs[0], columns=columns, seed=seed)
    return Jacobians(rows)


def jacobians_at(
    model: Sequential, inputs: NumpyArray, *, columns: int = COLUMNS, seed: int = 0
) -> tuple[Jacobian, ...]:
    """da2/db2, da2/dW2, da2/df1, df1/da1, da1/db1, da1/dW1 for one example.

    Each is checked against finite differences of its own equation; if there are more
    than `columns` entries to perturb, a random sample of that size is drawn by `seed`.

    Shapes
        inputs  one example, as the network takes it
    """
    point = point_of(model, inputs)
    a1, f1 = point.w1 @ point.x + point.b1, point.f1
    hidden, classes = np.eye(len(f1)), np.eye(len(point.b2))
    parts: dict[str, tuple[str, NumpyArray, Function, NumpyArray]] = {
        "da2/db2": ("I", classes, lambda b2: point.w2 @ f1 + b2, point.b2),
        "da2/dW2": (
            "[k = j] f1[h]",
            np.einsum("kj,h->kjh", classes, f1),
            lambda w2: w2 @ f1 + point.b2,
            point.w2,
        ),
        "da2/df1": ("W2", point.w2, lambda f: point.w2 @ f + point.b2, f1),
        "df1/da1": ("diag(f1 (1 - f1))", np.diag(f1 * (1 - f1)), sigmoid, a1),
        "da1/db1": ("I", hidden, lambda b1: point.w1 @ point.x + b1, point.b1),
        "da1/dW1": (
            "[k = j] x[d]",
            np.einsum("kj,d->kjd", hidden, point.x),
            lambda w1: w1 @ point.x + point.b1,
            point.w1,
        ),
    }
    found = []
    for name, (equation, value, function, at) in parts.items():
        moved = permutation(Key(seed).child(name), at.size)[:columns]
        error = max(worst_column(value, function, at, int(place)) for place in moved)
        found.append(Jacobian(name, equation, value, len(moved), error))
    return tuple(found)


def worst_column(
    value: NumpyArray, function: Function, at: NumpyArray, place: int
) -> float:
    """The maximum difference between formula and finite difference in one column."""
    step = np.zeros(at.size)
    step[place] = EPS
    step = step.reshape(at.shape)
    numeric = (function(at + step) - function(at - step)) / (2 * EPS)
    analytic = value.reshape(len(value), -1)[:, place]
    return float(np.max(np.abs(numeric - analytic)))


def chained(
    found: tuple[Jacobian, ...], model: Sequential, inputs: NumpyArray, target: int
) -> dict[str, NumpyArray]:
    """Gradients of the loss by multiplying full Jacobians, from left to right.

    Equations
        d_a2  = probabilities - one_hot(target)
        d_W2  = d_a2 da2/dW2                 d_b2 = d_a2 da2/db2
        d_a1  = d_a2 da2/df1 df1/da1
        d_W1  = d_a1 da1/dW1                 d_b1 = d_a1 da1/db1
    """
    by_name = {jacobian.name: jacobian.value for jacobian in found}
    point = point_of(model, inputs)
    loss = SoftmaxCrossEntropy()
    logits = (point.w2 @ point.f1 + point.b2)[None, :]
    d_a2 = loss.backward(loss.forward(logits, np.array([target]))[1])[0]
    d_a1 = d_a2 @ by_name["da2/df1"] @ by_name["df1/da1"]
    return {
        "linear_1.weight": np.tensordot(d_a1, by_name["da1/dW1"], axes=1),
        "linear_1.bias": d_a1 @ by_name["da1/db1"],
        "linear_2.weight": np.tensordot(d_a2, by_name["da2/dW2"], axes=1),
        "linear_2.bias": d_a2 @ by_name["da2/db2"],
    }


def point_of(model: Sequential, inputs: NumpyArray) -> PerceptronPoint:
    """The arrays of a two-layer perceptron with sigmoid, in float64."""
    linears = [part for part in model.layers.values() if isinstance(part, Linear)]
    kinds = [type(part).__name__ for part in model.layers.values()]
    if [kind for kind in kinds if kind != "Flatten"] != ["Linear", "Sigmoid", "Linear"]:
        raise ConfigError(
            "jacobians takes a two-layer perceptron (Linear, Sigmoid, Linear), got "
            f"{', '.join(kinds)}. Train one with: handgrad train perceptron."
        )
    first, second = linears
    if first.bias is None or second.bias is None:
        raise ConfigError(
            "jacobians takes linear layers with a bias, got one without. Train one "
            "with: handgrad train perceptron."
        )
    if inputs.size != first.in_features:
        raise ShapeError(
            f"jacobians takes one example of {first.in_features} features, got shape "
            f"{tuple(inputs.shape)}. Give one image of the size the network takes."
        )
    arrays = (
        inputs.reshape(-1),
        first.weight.value,
        first.bias.value,
        second.weight.value,
        second.bias.value,
    )
    return PerceptronPoint(*(np.asarray(array, dtype=np.float64) for array in arrays))


def sigmoid(values: NumpyArray) -> NumpyArray:
    """The sigmoid of one example, computed by the plain layer."""
    outputs: NumpyArray = Sigmoid().forward(values[None, :])[0][0]
    return outputs
