"""Names of the arrays of a saved state.

parameters/..., buffers/...    the network
optimizer/..., average/...     what else training continues with
"""

from collections.abc import Mapping

import numpy as np

from handgrad.arrays import NumpyArray, to_numpy
from handgrad.calls import misfit
from handgrad.errors import ConfigError, RunError
from handgrad.layers import Sequential
from handgrad.optimizers import Optimizer
from handgrad.optimizers.optimizer import State
from handgrad.parameter import Parameter
from handgrad.ranges import shown

OPTIMIZER, AVERAGE = "optimizer/", "average/"
METHODS = {  # of an optimizer, with what a step passes by position
    "initial_state": "parameter",
    "update": "parameter, gradient, state, step",
}


def without_training(arrays: Mapping[str, NumpyArray]) -> dict[str, NumpyArray]:
    """The arrays of a saved state that belong to the network."""
    return {n: a for n, a in arrays.items() if not n.startswith((OPTIMIZER, AVERAGE))}


def model_arrays(model: Sequential) -> dict[str, Parameter]:
    """All arrays of a model, by their names in a saved state."""
    parameters = {f"parameters/{n}": p for n, p in model.parameters().items()}
    return parameters | {f"buffers/{n}": b for n, b in model.buffers().items()}


def model_state(model: Sequential) -> dict[str, NumpyArray]:
    """Copies of a model's parameters and buffers."""
    return {
        name: np.array(to_numpy(array.value), order="C")
        for name, array in model_arrays(model).items()
    }


def saved_state(
    model: Sequential, states: Mapping[str, State]
) -> dict[str, NumpyArray]:
    """Copies of a model's arrays, and of an optimizer's state of each parameter."""
    arrays = {
        f"optimizer/{name}/{key}": np.array(array, order="C")
        for name, own in states.items()
        for key, array in own.items()
    }
    return model_state(model) | arrays


def saved_optimizer(
    state: Mapping[str, NumpyArray], like: Mapping[str, State]
) -> dict[str, State]:
    """Copies of an optimizer's state of each parameter; RunError unless all fit."""
    return {
        name: {
            key: np.array(take(state, f"optimizer/{name}/{key}", np.asarray(array)))
            for key, array in own.items()
        }
        for name, own in like.items()
    }


def take(state: Mapping[str, NumpyArray], name: str, like: NumpyArray) -> NumpyArray:
    """One array of a saved state; RunError unless it has this shape and dtype."""
    if name not in state:
        raise RunError(
            f"The checkpoint holds no {name}. It belongs to another model or "
            "optimizer; load it with the configuration that it was made with."
        )
    found = state[name]
    if found.shape != like.shape or found.dtype != like.dtype:
        raise RunError(
            f"{name} should be {like.shape} {like.dtype}, but the checkpoint holds "
            f"{found.shape} {found.dtype}. Load it with its own configuration."
        )
    return found


def restore_model(model: Sequential, state: Mapping[str, NumpyArray]) -> None:
    """Restore parameters and buffers; changes nothing unless all of them fit."""
    arrays = model_arrays(model)
    found = {name: take(state, name, to_numpy(a.value)) for name, a in arrays.items()}
    for name, array in arrays.items():
        array.value = np.array(found[name])


def convert_arrays(model: Sequential) -> None:
    """Convert assigned arrays to NumPy arrays of float32, where they are not."""
    for array in model_arrays(model).values():
        value = array.value
        if type(value) is not np.ndarray or value.dtype != np.float32:
            array.value = np.array(to_numpy(value), dtype=np.float32, order="C")


def kept_states(
    optimizer: Optimizer,
    parameters: Mapping[str, Parameter],
    before: Mapping[str, State],
) -> dict[str, State]:
    """An optimizer's state of each parameter; the state before, where it fits."""
    check_methods(optimizer)
    states = {}
    for name, parameter in parameters.items():
        states[name] = _initial_state(optimizer, parameter)
        for key, array in before.get(name, {}).items():
            if key in states[name] and array.shape == states[name][key].shape:
                states[name][key] = array
    return states


def check_methods(optimizer: Optimizer) -> None:
    """ConfigError unless an optimizer's methods take what a step passes."""
    for name, wanted in METHODS.items():
        given = wanted.split(", ")
        if problem := misfit(getattr(optimizer, name), *given):
            raise ConfigError(
                f"{name} of {type(optimizer).__name__} takes other arguments "
                f"({problem}). Write it as 'def {name}(self, {wanted})'."
            )


def _initial_state(optimizer: Optimizer, parameter: Parameter) -> State:
    """An optimizer's first state; ConfigError unless it is arrays by name."""
    state = optimizer.initial_state(parameter)
    values = list(state.values()) if isinstance(state, dict) else [None]
    if not all(hasattr(v, "shape") and hasattr(v, "dtype") for v in values):
        raise ConfigError(
            f"initial_state of {type(optimizer).__name__} returned {shown(state)}, "
            "expected a dictionary of arrays by name. Return {} if it keeps nothing."
        )
    return state
