"""One entry of one gradient as a sum of products, and its check."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray, Shape
from handgrad.errors import ShapeError, unknown_name
from handgrad.inspection.differentiable import NetworkValue
from handgrad.inspection.equations import equation_line
from handgrad.inspection.gradient_check import pattern_of, slope, unit
from handgrad.inspection.recording import record_layers
from handgrad.inspection.result import Result
from handgrad.inspection.sample import Where, image_of
from handgrad.inspection.subject import subject_of
from handgrad.inspection.table import Table
from handgrad.inspection.trace import Trace, trace_sample
from handgrad.inspection.trace_step import LayerTrace
from handgrad.layers import (
    GELU,
    Conv2d,
    Linear,
    Sequential,
    Sigmoid,
    SiLU,
    Tanh,
)
from handgrad.randomness import Key
from handgrad.ranges import is_whole, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS = (1e-4, 1e-5, 1e-6)  # of the finite difference, until no kink is crossed
# layers without kinks: signs in their caches do not matter
SMOOTH = (Linear, Conv2d, Sigmoid, SiLU, Tanh, GELU)
SHOWN = 6  # outputs of a convolution listed
HEADS = ("forward value", "upstream gradient", "local derivative", "product")


@dataclass(frozen=True)
class Place:
    """One output that the weight contributes to.

    Equations
        product = upstream * local

    Units
        output    index of the output: (unit,) or (channel, row, column)
        forward   value of the output
        upstream  d loss / d output
        local     d output / d weight: the input that the weight multiplies, or 1
    """

    output: tuple[int, ...]
    forward: float
    upstream: float
    local: float

    @property
    def product(self) -> float:
        """The contribution of this output to the gradient."""
        return self.upstream * self.local


@dataclass(frozen=True, repr=False, eq=False)
class Reading(Result):
    """The gradient of one image's loss for one weight.

    The weight is `parameter[index]` of the `layer`, with value `value`; `sample` is the
    image's number in the batch, `places` holds the terms of the sum. `file`, `line` and
    `code` locate the layer's equation.

    Units
        gradient  sum of all products
        backward  the same gradient, computed by the layer's backward pass
        numeric   central finite difference; None if every step crossed a kink
    """

    layer: str
    parameter: str
    index: tuple[int, ...]
    sample: int
    value: float
    loss: float
    places: tuple[Place, ...]
    gradient: float
    backward: float
    numeric: float | None
    file: str
    line: int
    code: str

    @property
    def relative_error(self) -> float | None:
        """|gradient - numeric|, relative to the larger magnitude of the two."""
        if self.numeric is None:
            return None
        largest = max(abs(self.gradient), abs(self.numeric), 1e-8)
        return abs(self.gradient - self.numeric) / largest

    @property
    def largest(self) -> tuple[Place, ...]:
        """The outputs with the largest products, largest first."""
        ordered = sorted(self.places, key=lambda place: -abs(place.product))
        return tuple(ordered[:SHOWN])

    def table(self) -> Table:
        """The factors of the largest products, the sum of all and its check."""
        rows = []
        for place in self.largest:
            parts = (place.forward, place.upstream, place.local, place.product)
            output = ", ".join(map(str, place.output))
            rows.append((output, *(f"{part:.6g}" for part in parts)))
        check = "every step crossed a kink"
        if self.numeric is not None:
            check = f"{self.numeric:.9g} (relative error {self.relative_error:.1e})"
        index = ",".join(map(str, self.index))
        above = (
            f"{self.layer}.{self.parameter}[{index}] = {self.value:.6g}; "
            f"image {self.sample}, loss {self.loss:.6g}"
        )
        below = (
            f"gradient (sum of {len(self.places)}): {self.gradient:.9g}\n"
            f"finite difference:      {check}\n"
            f"{self.file}:{self.line}: {self.code}"
        )
        return Table(("output", *HEADS), tuple(rows), HEADS, (above,), (below,))

    def figure(self) -> "Figure":
        """The table as a figure."""
        from handgrad.inspection.figures import microscope as drawing

        return drawing.microscope(self)

    def as_dict(self) -> dict[str, Any]:
        """All fields, and the relative error."""
        return {**asdict(self), "relative_error": self.relative_error}


@takes_kinds
def microscope(
    subject: Any,
    images: Any = None,
    labels: Any = None,
    *,
    layer: str,
    index: int | Sequence[int],
    parameter: str = "weight",
    image: int | None = None,
    **where: Unpack[Where],
) -> Reading:
    """The gradient of one image's loss for one weight, factor by factor, in float64.

    `subject` is a fitted classifier, the path of a run, or a `Sequential`. The network
    runs in prediction mode, as in `handgrad.inspection.trace`, whose arrays are shown
    here. Without `images`, an image of the run is used, selected by `split` ("test",
    "validation" or "train") or `dataset` (a name or path, searched for in `data_dir`
    first). `layer` is the name of a layer, such as "linear_1", and `parameter` is
    "weight" or "bias".

    ConfigError for another kind of layer, an unknown label, or an image number out of
    range; ShapeError for an image of the wrong shape or an index out of bounds.

    Shapes
        images  one image as the classifier takes it; or several, and `image` is the
                number of one of them, counted from 0
        labels  labels of the images: class names or class numbers
        index   index of the weight: (unit, input) of Linear, (out_channel,
                in_channel, row, column) of Conv2d, (unit,) of a bias; or its number
                in this order of the axes, counted from 0

    Example
        microscope(clf, test_images[0], test_labels[0], layer="linear_1", index=(3, 17))

    Source
        Rumelhart, Hinton, Williams (1986), Learning representations by back-propagating
        errors, equation 6.
    """
    of = subject_of(subject)
    sample = image_of(of, images, labels, image, **where)
    found = trace_sample(of, sample)
    step = _chosen(found, layer, parameter)
    place = _place(f"{layer}.{parameter}", step.parameters[parameter].shape, index)
    value = NetworkValue(
        of.network, of.loss, sample.inputs, sample.targets, key=Key(0), training=False
    )
    places = _places(step, parameter, place)
    file, line, code = equation_line(step.layer, parameter)
    return Reading(
        layer=layer,
        parameter=parameter,
        index=place,
        sample=int(image or 0),
        value=float(step.parameters[parameter][place]),
        loss=found.loss.value,
        places=places,
        gradient=float(sum(place.product for place in places)),
        backward=float(step.gradients[parameter][place]),
        numeric=_numeric(value, f"{layer}.{parameter}", place),
        file=file,
        line=line,
        code=code,
    )


def _places(
    step: LayerTrace, parameter: str, index: tuple[int, ...]
) -> tuple[Place, ...]:
    """Every output that the weight contributes to, with the input it multiplies."""
    layer = step.layer
    inputs, outputs, upstream = step.inputs[0], step.outputs[0], step.d_outputs[0]
    unit = index[0]
    if isinstance(layer, Linear):
        local = 1.0 if parameter == "bias" else float(inputs[index[1]])
        return (Place((unit,), float(outputs[unit]), float(upstream[unit]), local),)
    assert isinstance(layer, Conv2d)
    locals_ = np.ones(outputs.shape[1:])
    if parameter == "weight":
        locals_ = _inputs_at_tap(layer, inputs, index, outputs.shape[1:])
    return tuple(
        Place(
            (unit, row, column),
            float(outputs[unit, row, column]),
            float(upstream[unit, row, column]),
            float(locals_[row, column]),
        )
        for row, column in np.ndindex(*locals_.shape)
    )


def _inputs_at_tap(
    layer: Conv2d, inputs: NumpyArray, index: tuple[int, ...], sizes: tuple[int, ...]
) -> NumpyArray:
    """The pixel under one tap of the kernel, for each position of the kernel.

    Equations
        seen[r, c] = padded[channel, r * stride + tap row, c * stride + tap column]
        where the taps are `dilation` apart, and channels are counted over all groups
    """
    unit, channel, row, column = index
    group = unit // (layer.out_channels // layer.groups)
    channel += group * (layer.in_channels // layer.groups)
    padded = layer.windows.pad(inputs[channel])
    taps = layer.windows.taps((sizes[0], sizes[1]))
    place = next(tap.place for tap in taps if (tap.row, tap.column) == (row, column))
    seen: NumpyArray = padded[place]
    return seen


def _numeric(value: NetworkValue, name: str, index: tuple[int, ...]) -> float | None:
    """The central difference with the largest step that crosses no kink."""
    assert isinstance(value.network, Sequential)
    records = record_layers(value.network)
    sharp = [
        one for one in records if not one.is_container and type(one.layer) not in SMOOTH
    ]

    def kinks(caches: Any) -> list[NumpyArray]:
        return pattern_of([*(one.cache for one in sharp), caches[1]])

    pattern = kinks(value.evaluate(value.point)[1])
    direction = unit(value.point, name, index)
    slopes = (slope(value, direction, pattern, step, kinks) for step in STEPS)
    return next((found for found in slopes if found is not None), None)


def _chosen(found: Trace, name: str, parameter: str) -> LayerTrace:
    """The layer; an error unless it is linear or a convolution with that weight."""
    known = {step.name: step for step in found if type(step.layer) in (Linear, Conv2d)}
    if name not in known:
        raise unknown_name("linear or convolution layer", name, known)
    parameters = known[name].parameters
    if parameter not in parameters:
        raise unknown_name(f"parameter of {name}", parameter, parameters)
    return known[name]


def _place(name: str, shape: Shape, index: Any) -> tuple[int, ...]:
    """The index of an entry, which may be given by its number."""
    if is_whole(index):
        if 0 <= index < prod(shape):
            return tuple(map(int, np.unravel_index(index, shape)))
    elif len(index) == len(shape) and all(
        0 <= place < size for place, size in zip(index, shape, strict=True)
    ):
        return tuple(map(int, index))
    raise ShapeError(
        f"{name} has shape {shape}, got the index {shown(index)}. Give {len(shape)} "
        "numbers, each from 0 to its size minus 1."
    )
