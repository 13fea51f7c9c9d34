"""The arrays of a network under the names that torch gives them, and their files."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from handgrad.arrays import NumpyArray, Shape, to_numpy
from handgrad.errors import ConfigError, RunError
from handgrad.interop.onnx_export import metadata_of
from handgrad.interop.subject import network_of, subject_of
from handgrad.layers import Layer, Sequential
from handgrad.layers.branches import Branches
from handgrad.layers.window_settings import Windowed
from handgrad.parameter import Parameter
from handgrad.paths import check_ordinary, path_of
from handgrad.text import some
from handgrad.training.atomic import write_file
from handgrad.training.trained_network import TrainedNetwork

ENTRY = "network"  # the one entry of a file's metadata, so that its bytes repeat
COUNTS = "num_batches_tracked"  # of batch normalization in torch; not used


def torch_names(subject: Any, input_shape: Shape | None = None) -> dict[str, str]:
    """The name in torch of each array of a network, by its name in Handgrad.

    `subject` is a network as `to_torch` takes it: the names are those of its module.
    Or it is a torch module, with its `input_shape`: the first names are those of the
    network that `from_torch` makes of it.

    Example
        torch_names(Sequential([Flatten(), Linear(4, 2)])) == {
            "linear_1.weight": "1.weight",
            "linear_1.bias": "1.bias",
        }
    """
    if hasattr(subject, "state_dict"):
        from handgrad.interop.torch import reader_of

        return dict(reader_of(subject, input_shape).names)
    return dict(_names(network_of("torch_names", subject), "", ""))


def save_torch_weights(subject: Any, path: str | Path) -> Path:
    """Write the arrays of a network to a safetensors file for torch; return the path.

    `subject` is a network as `to_torch` takes it, `path` the file. The names are those
    of `torch_names`; `module.load_state_dict(safetensors.torch.load_file(path))` loads
    them into `to_torch(subject)`, or into an `nn.Sequential` of the same modules. For a
    trained network the metadata hold the class names and the normalization. torch is
    not needed. RunError if the file cannot be written.
    """
    place = path_of("save_torch_weights", "path", path, RunError)
    write_file(place, torch_weights(subject))
    return place


def load_torch_weights(
    network: Sequential, path: str | Path, names: Mapping[str, str] | None = None
) -> None:
    """Set all arrays of a `network` to those of the safetensors file at `path`.

    `names` gives the name in the file of each array, by default `torch_names(network)`;
    for a file of another module it is `torch_names(module, input_shape)`. Values become
    float32. ConfigError for arrays that are missing, left over, of another shape or
    with NaN or infinity, RunError for a file that cannot be read; then no array is
    changed.
    """
    if not isinstance(network, Sequential):
        raise ConfigError(
            f"load_torch_weights takes a Sequential, got {type(network).__name__}. "
            "Give, for example, models.lenet()."
        )
    arrays, found = _arrays_of(network), _read(path)
    named = {own: (names or torch_names(network)).get(own, own) for own in arrays}
    wanted = {theirs: arrays[own] for own, theirs in named.items()}
    _check_fit({name: held.shape for name, held in wanted.items()}, found, str(path))
    with np.errstate(over="ignore"):  # of float64; infinity is refused
        values = {name: np.array(found[name], dtype=np.float32) for name in wanted}
    if wrong := [name for name in wanted if not np.isfinite(values[name]).all()]:
        raise ConfigError(
            f"{path} has NaN or infinity, in float32, in {some(wrong, 3)}. Give finite "
            "weights, for example those of an earlier epoch."
        )
    for name, held in wanted.items():
        held.value = values[name]


def torch_weights(subject: Any) -> bytes:
    """The content of the file of `save_torch_weights`."""
    found = subject_of("save_torch_weights", subject)
    network = found.model if isinstance(found, TrainedNetwork) else found
    values = {
        theirs: np.ascontiguousarray(to_numpy(_arrays_of(network)[own].value))
        for own, theirs in torch_names(network).items()
    }
    notes = metadata_of(found) if isinstance(found, TrainedNetwork) else {}
    return save(values, {ENTRY: json.dumps(notes, sort_keys=True)})


def _arrays_of(network: Sequential) -> dict[str, Parameter]:
    return {**network.parameters(), **network.buffers()}


def _names(layer: Layer[Any], own: str, theirs: str) -> Iterator[tuple[str, str]]:
    """The names below a layer, whose own name is a prefix that ends in a dot."""
    if isinstance(layer, Sequential):
        for number, (name, inner) in enumerate(layer.layers.items()):
            yield from _names(inner, f"{own}{name}.", f"{theirs}{number}.")
    elif isinstance(layer, Branches):
        for branch, inner in layer.parts().items():
            yield from _names(inner, f"{own}{branch}.", f"{theirs}{branch}.")
    else:
        if isinstance(layer, Windowed) and not layer.windows.is_even:
            theirs += "1."  # after the module that pads
        for name in {**layer.parameters(), **layer.buffers()}:
            yield f"{own}{name}", f"{theirs}{name}"


def _read(path: str | Path) -> dict[str, NumpyArray]:
    place = path_of("load_torch_weights", "path", path, RunError)
    check_ordinary(place, RunError)
    try:
        found = load(place.read_bytes())
    except OSError as error:
        raise RunError(
            f"{place} cannot be read: {error.strerror or error}. Give a safetensors "
            "file."
        ) from error
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{place} is not a safetensors file of float32 or float64 arrays: {error}. "
            "Write it with safetensors.torch.save_file(module.state_dict(), path)."
        ) from error
    return {name: a for name, a in found.items() if not name.endswith(COUNTS)}


def _check_fit(
    wanted: Mapping[str, Shape], found: Mapping[str, NumpyArray], path: str
) -> None:
    """ConfigError unless all arrays are there, with their shapes, and no others."""
    problems = [
        f"{name} is {found[name].shape}, not {shape}"
        for name, shape in wanted.items()
        if name in found and found[name].shape != shape
    ]
    for text, names in (
        ("has no", [name for name in wanted if name not in found]),
        ("has, but the network has not,", [n for n in found if n not in wanted]),
    ):
        if names:
            problems.append(f"it {text} {some(names, 3)}")
    if problems:
        raise ConfigError(
            f"{path} does not fit the network: {some(problems, 3)}. Give the weights "
            "of the same network, or names=torch_names(module, input_shape)."
        )
