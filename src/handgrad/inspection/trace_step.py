"""One step of a trace: a layer or the loss, with all values and their equations."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import unknown_name
from handgrad.inspection.equations import cache_name, equation_of, equations_of
from handgrad.inspection.recording import Record
from handgrad.inspection.result import Result
from handgrad.inspection.table import Table, sizes
from handgrad.layers import Layer
from handgrad.losses import Loss
from handgrad.ranges import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLAIN = (bool, int, float, str, type(None))
HEADS = ("min", "max", "norm")


def as_list(array: NumpyArray) -> Any:
    """An array as nested lists."""
    return array.tolist()


class NamedArray(NamedTuple):
    """A value with its name and the equation that computes it.

    The value is an array or another entry of a cache: sizes, a flag, a number, None.
    The equation is empty for given values: inputs, parameters, buffers.
    """

    name: str
    value: Any
    equation: str


@dataclass(frozen=True, repr=False, eq=False)
class TraceStep(Result):
    """One layer, or the loss, with all of its values in the order of computation.

    `name` is the name of the layer in the network, `kind` its class, and `arrays` holds
    every array with its name.

    Equations
        all equations of the layer or loss as one text, from its docstring
    """

    name: str
    kind: str
    equations: str
    arrays: tuple[NamedArray, ...]

    def __getitem__(self, name: str) -> Any:
        """Return a value by name, such as `step["d_weight"]`."""
        values = {array.name: array.value for array in self.arrays}
        if name not in values:
            raise unknown_name(f"array of {self.name}", name, values)
        return values[name]

    def table(self) -> Table:
        """Shape, range, norm and equation of each value."""
        rows = tuple(
            (array.name, *_cells(array.value), array.equation) for array in self.arrays
        )
        heads = ("array", "shape or value", *HEADS, "equation")
        above = (f"{self.name} ({self.kind})",)
        return Table(heads, rows, right=HEADS, above=above)

    def figure(self) -> "Figure":
        """One row of images per array."""
        from handgrad.inspection.figures.trace import step_figure

        return step_figure(self)

    def as_dict(self, plain: Callable[[NumpyArray], Any] = as_list) -> dict[str, Any]:
        """Name, kind, equations, and `arrays`: value and equation by name.

        `plain` makes plain values of an array, by default nested lists;
        `handgrad.inspection.encoded_arrays.encoded` makes shorter ones.
        """
        arrays = {
            array.name: {
                "value": _plain(array.value, plain),
                "equation": array.equation,
            }
            for array in self.arrays
        }
        return {
            "name": self.name,
            "kind": self.kind,
            "equations": self.equations,
            "arrays": arrays,
        }


@dataclass(frozen=True, repr=False, eq=False)
class LayerTrace(TraceStep):
    """One layer of the pass; the parts of a container follow it as separate steps.

    In addition to the fields of `TraceStep`: `layer` is the layer itself, in float64,
    and `is_container` says whether it contains other layers.

    Shapes
        inputs, d_inputs    (batch, ...)
        outputs, d_outputs  (batch, ...)

    `cache` holds the cache of the backward pass by field name; `parameters`,
    `gradients` and `buffers` hold arrays by name.
    """

    layer: Layer[Any]
    is_container: bool
    inputs: NumpyArray
    outputs: NumpyArray
    d_outputs: NumpyArray
    d_inputs: NumpyArray
    cache: Mapping[str, Any]
    parameters: Mapping[str, NumpyArray]
    buffers: Mapping[str, NumpyArray]
    gradients: Mapping[str, NumpyArray]


@dataclass(frozen=True, repr=False, eq=False)
class LossTrace(TraceStep):
    """The loss, where the forward pass ends and the backward pass starts.

    In addition to the fields of `TraceStep`: `value` is the mean over the batch, and
    `cache` holds the cache of the backward pass by field name.

    Shapes
        logits, d_logits  (batch, classes)
        targets           (batch,)
    """

    logits: NumpyArray
    targets: NumpyArray
    value: float
    cache: Mapping[str, Any]
    d_logits: NumpyArray


def layer_step(record: Record, *, training: bool) -> LayerTrace:
    """The step of one layer, from its record."""
    layer, arrays = record.layer, record.arrays
    equations = equations_of(layer)
    cache: dict[str, Any] = {}
    parameters: dict[str, NumpyArray] = {}
    buffers: dict[str, NumpyArray] = {}
    gradients: dict[str, NumpyArray] = {}
    if not record.is_container:
        cache = named_cache(layer, record.cache)
        parameters = {name: one.value for name, one in layer.parameters().items()}
        buffers = {name: one.value for name, one in layer.buffers().items()}
        gradients = dict(record.gradients)
    given = {"inputs": arrays["inputs"], **parameters, **buffers}
    forward = {n: value for n, value in cache.items() if n not in arrays | given}
    forward["outputs"] = arrays["outputs"]
    backward = {f"d_{name}": value for name, value in gradients.items()}
    backward["d_inputs"] = arrays["d_inputs"]
    named = (
        *without_equation(given),
        *with_equations(forward, equations, training=training),
        *without_equation({"d_outputs": arrays["d_outputs"]}),
        *with_equations(backward, equations, training=training),
    )
    return LayerTrace(
        name=record.name,
        kind=type(layer).__name__,
        equations=equations,
        arrays=named,
        layer=layer,
        is_container=record.is_container,
        cache=cache,
        parameters=parameters,
        buffers=buffers,
        gradients=gradients,
        **arrays,
    )


def loss_step(loss: Loss[Any], logits: NumpyArray, targets: NumpyArray) -> LossTrace:
    """The loss of these logits, forward and backward."""
    value, kept = loss.forward(logits, targets)
    d_logits = loss.backward(kept)
    equations = equations_of(loss)
    cache = {n: v for n, v in named_cache(loss, kept).items() if v is not None}
    computed = {**cache, "loss": value, "d_logits": d_logits}
    return LossTrace(
        name="loss",
        kind=type(loss).__name__,
        equations=equations,
        arrays=(
            *without_equation({"logits": logits, "targets": targets}),
            *with_equations(computed, equations, training=True),
        ),
        logits=logits,
        targets=targets,
        value=value,
        cache=cache,
        d_logits=d_logits,
    )


def named_cache(part: Layer[Any] | Loss[Any], cache: Any) -> dict[str, Any]:
    """A cache by field name; a single array is named as the argument of `backward`.

    The entries of a plain tuple or list of arrays are numbered: `cache[0]`, `cache[1]`.
    """
    if isinstance(cache, Mapping):
        return {str(name): value for name, value in cache.items()}
    if hasattr(cache, "_asdict"):  # a named tuple
        return dict(cache._asdict())
    name = cache_name(part)
    if isinstance(cache, tuple | list) and any(map(is_array, cache)):
        return {f"{name}[{number}]": each for number, each in enumerate(cache)}
    return {name: cache}


def is_array(value: Any) -> bool:
    """Whether a value is an array with at least one axis."""
    return isinstance(value, np.ndarray) and value.ndim > 0


def without_equation(values: Mapping[str, Any]) -> Iterator[NamedArray]:
    """Named values that were given."""
    return (NamedArray(name, value, "") for name, value in values.items())


def with_equations(
    values: Mapping[str, Any], equations: str, *, training: bool
) -> Iterator[NamedArray]:
    """Named values that were computed, each with its equation."""
    for name, value in values.items():
        yield NamedArray(name, value, equation_of(equations, name, training=training))


def _cells(value: Any) -> tuple[str, ...]:
    """Shape, minimum, maximum and norm of an array; other values as text."""
    if isinstance(value, float):
        return f"{value:.6g}", "", "", ""
    if not isinstance(value, np.ndarray):
        return str(value) if isinstance(value, str) else shown(value), "", "", ""
    if value.dtype == bool or not value.size:
        return sizes(value.shape), "", "", ""
    numbers = (value.min(), value.max(), np.linalg.norm(value))
    return (sizes(value.shape), *(f"{number:.4g}" for number in numbers))


def _plain(value: Any, plain: Callable[[NumpyArray], Any]) -> Any:
    """Numbers, texts, lists and dictionaries of them; others as text."""
    if is_array(value):
        return plain(value)
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.item(), plain)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(name): _plain(each, plain) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each, plain) for each in value]
    return value if isinstance(value, PLAIN) else str(value)
