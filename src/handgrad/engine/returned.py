"""Check what a user's own layer, loss or L2 term returned.

No kernel notices a wrong size, and NumPy would broadcast it. Both engines use these
checks, so their errors are the same. Numbers become float32.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from handgrad.arrays import Gradients, NumpyArray, Shape, to_numpy
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import Layer
from handgrad.losses import L2, Loss
from handgrad.optimizers import Optimizer
from handgrad.parameter import Parameter
from handgrad.ranges import shown


def returned(
    name: str, thing: object, what: str, values: Any, expected: Shape
) -> NumpyArray:
    """Values that a layer or loss returned, as float32; ShapeError, ConfigError."""
    who = f"{name or 'The network'}: {type(thing).__name__}"
    if values is None:
        raise ShapeError(
            f"{who} returned None as {what}, expected an array of shape {expected}. "
            "Return one."
        )
    array = to_numpy(values)
    if array.shape != expected:
        raise ShapeError(
            f"{who} returned {what} of shape {array.shape}, expected {expected}. Make "
            "its methods agree."
        )
    if not np.can_cast(array.dtype, np.float32, "same_kind"):
        raise ConfigError(
            f"{who} returned {what} of {array.dtype}, expected float32. Convert them "
            "with astype('float32')."
        )
    with np.errstate(all="ignore"):  # the loss becomes NaN
        return array.astype(np.float32, copy=False)


def gradients_of(name: str, layer: Layer[Any], gradients: Gradients) -> Gradients:
    """The gradient of each of a layer's parameters; ShapeError if one does not fit.

    A parameter that the layer has but does not name is frozen.
    """
    who = f"{name or 'The network'}: backward of {type(layer).__name__}"
    parameters, found = layer.parameters(), {}
    given = gradients if isinstance(gradients, Mapping) else {}
    advice = (
        f"one array for each name in parameters(): {sorted(parameters)}"
        if parameters
        else "{}, since it has none"
    )
    for other in given:
        own = getattr(layer, str(other), None)
        if other not in parameters and not isinstance(own, Parameter):
            raise ShapeError(
                f"{who} returned a gradient of {other!r}, which is not one of its "
                f"parameters. Return {advice}."
            )
    for each, parameter in parameters.items():
        if each not in given:
            got = repr(gradients) if given is not gradients else sorted(gradients)
            raise ShapeError(
                f"{who} returned no gradient for its parameter {each}, got {got}. "
                "Return one array for each name in parameters()."
            )
        what = f"a gradient of {each}"
        found[each] = returned(name, layer, what, given[each], parameter.shape)
    return found


def assigns(optimizer: Optimizer, found: Any) -> None:
    """ConfigError if an update returned something, in place of assigning it."""
    if found is not None:
        raise ConfigError(
            f"update of {type(optimizer).__name__} returned one "
            f"{type(found).__name__}, expected None. Assign the new values to "
            "parameter.value, and return nothing."
        )


def loss_of(loss: Loss[Any], value: Any) -> float:
    """The mean loss of a batch as a number; ConfigError if it is none."""
    return _number(f"forward of {type(loss).__name__}", "a loss", value)


def penalty_of(l2: L2, parameters: Mapping[str, Parameter]) -> float:
    """An L2 term's part of the loss; ConfigError if it is no number."""
    who = f"penalty of {type(l2).__name__}"
    return _number(who, "a part of the loss", l2.penalty(parameters))


def l2_gradients(l2: L2, parameters: Mapping[str, Parameter]) -> Gradients:
    """An L2 term's part of the gradients; ShapeError if one does not fit."""
    kept, found = {}, l2.gradients(parameters)
    if not isinstance(found, Mapping):
        raise ShapeError(
            f"gradients of {type(l2).__name__} returned {shown(found)}, expected a "
            "dictionary. Return arrays by the names of parameters."
        )
    for name, gradient in found.items():
        if name not in parameters:
            wanted = f"some of {sorted(parameters)}" if parameters else "{}"
            raise ShapeError(
                f"gradients of {type(l2).__name__} returned one of {name!r}, which is "
                "not a parameter of the network. "
                f"Return {wanted}."
            )
        shape = parameters[name].shape
        kept[name] = returned(name, l2, "a gradient", gradient, shape)
    return kept


def _number(who: str, what: str, value: Any) -> float:
    array = to_numpy(value)
    if array.shape != () or not np.can_cast(array.dtype, np.float64, "same_kind"):
        raise ConfigError(
            f"{who} returned {what} of shape {array.shape} and {array.dtype}, expected "
            "one number. Return the mean over the batch."
        )
    return float(array)
