"""The methods of a layer or loss under test, called with clear errors.

The errors are about how a method is written: its parameters, and the kinds of what it
returns. Values, shapes and dtypes are for the laws of the contract.
"""

from collections.abc import Callable, Iterator, Mapping
from inspect import isclass
from typing import Any

from handgrad.arrays import Array, Gradients, NumpyArray, Shape, two_returned
from handgrad.calls import misfit
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import Layer
from handgrad.losses import Loss
from handgrad.parameter import Parameter, check_are_parameters
from handgrad.ranges import is_whole, shown

FORWARD = "forward(self, inputs, *, training=False, key=None)"
BACKWARD = "backward(self, d_outputs, cache, /)"
OF_LOSS = "forward(self, logits, targets, weights=None)"


def check_sizes(owner: str, shape: Any) -> Shape:
    """The shape of one example as a tuple; ConfigError unless it is one."""
    is_shape = isinstance(shape, tuple | list)
    if not is_shape or not all(is_whole(size) and size >= 1 for size in shape):
        raise ConfigError(
            f"{owner} takes input_shape as a tuple of integers from 1 up, the shape of "
            f"one example, got {shown(shape)}. Give one, such as (4,) or (3, 8, 8)."
        )
    return tuple(int(size) for size in shape)


def check_factory(owner: str, factory: Any) -> None:
    """ConfigError unless a function without arguments returns a layer."""
    if isinstance(factory, Layer) or not callable(factory):
        is_layer = isinstance(factory, Layer)
        kind = type(factory).__name__ if is_layer else "Layer"
        got = f"the layer {kind}(...)" if is_layer else shown(factory)
        raise ConfigError(
            f"{owner} takes layer_factory as a function that returns a new layer at "
            f"each call, got {got}. Give its class, or a function: lambda: {kind}(...)."
        )
    name = getattr(factory, "__name__", shown(factory))
    missing = sorted(getattr(factory, "__abstractmethods__", ()))
    if missing:
        raise ConfigError(
            f"{name} does not define {' and '.join(missing)}, which every layer "
            "has. Write them."
        )
    if problem := misfit(factory):
        raise ConfigError(
            f"{owner} calls layer_factory without arguments, but {name} takes others "
            f"({problem}). Give a function: lambda: {name}(...)."
        )
    layer = factory()
    if not isinstance(layer, Layer):
        raise ConfigError(
            f"{owner} takes layer_factory as a function that returns a layer, got "
            f"{shown(layer)} from it. Return an instance of a subclass of Layer."
        )
    for method in ("parameters", "buffers"):
        found = getattr(layer, method)()
        if not isinstance(found, Mapping):
            raise ConfigError(
                f"{method} of {type(layer).__name__} returned {shown(found)}, expected "
                "a dictionary. Return them by name."
            )
        check_are_parameters(found)
    _check_returned(layer)


def _check_returned(layer: Layer[Any]) -> None:
    """ConfigError unless each parameter and buffer that a layer holds is returned."""
    arrays = (*layer.parameters().values(), *layer.buffers().values())
    returned = set(map(id, arrays))
    held = (pair for name, value in vars(layer).items() for pair in _held(name, value))
    missing = [name for name, array in held if id(array) not in returned]
    if missing:
        raise ConfigError(
            f"{type(layer).__name__} holds {', '.join(missing)}, but neither "
            "parameters() nor buffers() returns it: it would not be trained or saved. "
            "Return it by name."
        )


def _held(name: str, value: Any) -> Iterator[tuple[str, Parameter]]:
    """The parameters and buffers in an attribute of a layer, by name."""
    if isinstance(value, Parameter):
        yield name, value
        return
    inner: Mapping[Any, Any] = {}
    if isinstance(value, Layer):
        inner = {**value.parameters(), **value.buffers()}
    elif isinstance(value, Mapping):
        inner = value
    elif isinstance(value, list | tuple):
        inner = dict(enumerate(value))
    for key, part in inner.items():
        yield from _held(f"{name}.{key}", part)


def check_loss_argument(owner: str, loss: Any) -> None:
    """ConfigError unless this is a loss."""
    if isinstance(loss, Loss):
        return
    is_kind = isclass(loss) and issubclass(loss, Loss)
    got = f"the class {loss.__name__}" if is_kind else shown(loss)
    hint = f"Create one: {loss.__name__}()" if is_kind else "Give an instance of Loss"
    raise ConfigError(f"{owner} takes a loss, got {got}. {hint}.")


def output_shape_of(layer: Layer[Any], shape: Shape) -> Shape:
    """What `output_shape` returns; ShapeError unless it is a tuple of sizes."""
    found: Shape = layer.output_shape(shape)
    is_shape = isinstance(found, tuple)
    if not is_shape or not all(is_whole(size) and size >= 1 for size in found):
        raise ShapeError(
            f"output_shape of {type(layer).__name__} returned {shown(found)} for "
            f"{shape}, expected a tuple of integers from 1 up. Return the shape of one "
            "example's output."
        )
    return found


def forward_of(
    layer: Layer[Any], inputs: NumpyArray, **options: Any
) -> tuple[NumpyArray, Any]:
    """Outputs and cache of a layer, with `training` and `key` as `options`."""
    _check_takes(layer, layer.forward, FORWARD, inputs, **options)
    results = layer.forward(inputs, **options)
    outputs, cache = two_returned("forward", layer, "outputs, cache", results)
    _check_array("forward", layer, "outputs", outputs)
    return outputs, cache


def backward_of(
    layer: Layer[Any], d_outputs: NumpyArray, cache: Any
) -> tuple[NumpyArray, Gradients]:
    """`d_inputs` of a layer, and the gradient of each parameter by name."""
    _check_takes(layer, layer.backward, BACKWARD, d_outputs, cache)
    results = layer.backward(d_outputs, cache)
    d_inputs, gradients = two_returned(
        "backward", layer, "d_inputs, gradients", results
    )
    _check_array("backward", layer, "d_inputs", d_inputs)
    if not isinstance(gradients, dict):
        raise ShapeError(
            f"backward of {type(layer).__name__} returned {_kind(gradients)} as "
            "gradients, expected a dictionary. Return one array for each name in "
            "parameters(), or {} without parameters."
        )
    for name, gradient in gradients.items():
        _check_array("backward", layer, f"the gradient of {name}", gradient)
    return d_inputs, gradients


def forward_of_loss(
    loss: Loss[Any], logits: NumpyArray, targets: NumpyArray, *weights: NumpyArray
) -> tuple[float, Any]:
    """The value of a loss, and the cache."""
    _check_takes(loss, loss.forward, OF_LOSS, logits, targets, *weights)
    results = loss.forward(logits, targets, *weights)
    return two_returned("forward", loss, "loss, cache", results)


def backward_of_loss(loss: Loss[Any], cache: Any) -> Array:
    """`d_logits` of a loss."""
    _check_takes(loss, loss.backward, "backward(self, cache, /)", cache)
    d_logits = loss.backward(cache)
    _check_array("backward", loss, "d_logits", d_logits)
    return d_logits


def _check_takes(
    thing: object, method: Callable[..., Any], wanted: str, *given: Any, **named: Any
) -> None:
    """ConfigError unless a method takes these arguments."""
    name = wanted.partition("(")[0]
    if problem := misfit(method, *given, **named):
        raise ConfigError(
            f"{name} of {type(thing).__name__} takes other arguments "
            f"({problem}). Write it as 'def {wanted}'."
        )


def _check_array(method: str, thing: object, what: str, value: Any) -> None:
    """ShapeError unless a method returned an array."""
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        raise ShapeError(
            f"{method} of {type(thing).__name__} returned {_kind(value)} as {what}, "
            "expected an array. Return one."
        )


def _kind(value: Any) -> str:
    return "None" if value is None else f"one {type(value).__name__}"
