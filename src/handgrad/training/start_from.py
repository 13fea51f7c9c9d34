"""Start a new run from the weights of another run or of a saved network.

All arrays are copied, except those of the last layer if the classes differ: these keep
their random initial values. The optimizer starts with a new state. The initial arrays
are stored in the run's folder, since the source may be deleted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load, save

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets import Normalization
from handgrad.engine.state import model_state, restore_model, without_training
from handgrad.errors import ConfigError, IntegrityError, RunError, warn
from handgrad.layers import Sequential
from handgrad.paths import path_of
from handgrad.text import decoded
from handgrad.training.checkpoint import Checkpoint, has_checkpoint, load_checkpoint
from handgrad.training.config import RunConfig
from handgrad.training.model_file import load_model
from handgrad.training.real_files import read_file
from handgrad.training.run_config import INITIAL
from handgrad.training.run_folder import RunFolder

if TYPE_CHECKING:
    from handgrad.training.build import Parts

Arrays = dict[str, NumpyArray]


@dataclass(frozen=True)
class Source:
    """Arrays to start from; without a `config`, the initial arrays of a resumed run."""

    path: Path
    arrays: Arrays
    config: RunConfig | None


def read_saved(
    place: Path, which: str = "best", *, warns: bool = True
) -> tuple[RunConfig, Arrays]:
    """Read the configuration and arrays of a run's checkpoint or of a model file.

    A HandgradWarning for a run in its first epoch, unless `warns` is false: the arrays
    are then read again where they are used.
    """
    if place.is_file():
        return load_model(place)
    folder = RunFolder.open(place)
    checkpoint = _within_first_epoch(folder, warns) if which == "best" else None
    checkpoint = checkpoint or load_checkpoint(folder.checkpoints, which)
    folder.check_config(checkpoint)
    return folder.config, checkpoint.arrays


def _within_first_epoch(folder: RunFolder, warns: bool) -> Checkpoint | None:
    """The last checkpoint, if no epoch has ended yet, so that none is the best."""
    pointers, place = folder.checkpoints, folder.path
    if has_checkpoint(pointers, "best"):
        return None
    last = load_checkpoint(pointers)  # RunError if there is none
    if last.position.best_epoch:
        return None  # best.json is lost
    if warns:
        warn(
            f"{place} has not finished its first epoch: the network after step "
            f"{last.position.step:,} is used. Go on with: handgrad train --resume "
            f"{place}"
        )
    return last


def source_of(config: RunConfig) -> Source | None:
    """The arrays to start from; None for random initial values."""
    if config.start is None:
        return None
    path = path_of("A run", "its source", config.start.source, RunError)
    is_resumed = config.resolved is not None and config.resolved.initial_sha256
    if path.name == INITIAL and is_resumed:
        return Source(path, _initial(path, str(is_resumed)), None)
    found, arrays = read_saved(path)
    arrays = without_training(arrays)
    if config.start.sha256 not in (None, arrays_checksum(arrays)):
        raise IntegrityError(
            f"{path} no longer holds the weights whose SHA-256 is in the "
            "configuration. Restore them, or remove sha256 from [start]."
        )
    return Source(path, arrays, found)


def source_normalization(
    config: RunConfig, source: Source | None
) -> tuple[str, Normalization | None]:
    """The name of the normalization, and that of the weights, if it is kept."""
    if source is None or config.start is None or config.start.normalization == "own":
        return config.dataset.normalization, None
    before = source.config or config
    assert before.resolved is not None, "a saved network is resolved"
    resolved = before.resolved
    return before.dataset.normalization, Normalization(resolved.mean, resolved.std)


def check_channels(source: Source | None, image_shape: Shape) -> None:
    """Raise ConfigError if weights and images differ in their number of channels."""
    if source is None or source.config is None or source.config.resolved is None:
        return
    before = source.config.resolved.input_shape
    if not len(before) == len(image_shape) == 3:
        return
    if before[0] != image_shape[0]:
        raise ConfigError(
            f"The weights of {source.path} take images with {_channels(before[0])}, "
            f"but these images have {image_shape[0]}. Use images with the same number, "
            "or train a new network without --start-from."
        )


def put_into(source: Source, model: Sequential, config: RunConfig) -> RunConfig:
    """Set the model's initial arrays; return the configuration with their checksums."""
    drawn = model_state(model)
    if source.config is None:
        restore_model(model, source.arrays)
        return config
    assert config.resolved is not None, "the configuration is resolved by now"
    assert config.start is not None, "there is a source"
    new = _new_arrays(source, config, list(drawn))
    _check_fit(source, drawn, new, config)
    arrays = {n: drawn[n] if n in new else source.arrays[n] for n in drawn}
    restore_model(model, arrays)
    checksum = arrays_checksum(arrays)
    resolved = {"initial_sha256": checksum, "new_arrays": tuple(new)}
    start = {
        "source": decoded(config.start.source),  # for information: arrays are kept
        "sha256": arrays_checksum(source.arrays),
    }
    return config.model_copy(
        update={
            "start": config.start.model_copy(update=start),
            "resolved": config.resolved.model_copy(update=resolved),
        }
    )


def initial_of(parts: "Parts") -> dict[str, bytes]:
    """The file of a new run's initial arrays; empty if all are drawn from the seed."""
    if parts.config.start is None:
        return {}
    return {"initial": save(model_state(parts.model))}


def arrays_checksum(arrays: Mapping[str, NumpyArray]) -> str:
    """SHA-256 over the names and bytes of all arrays, in order of name."""
    digest = sha256()
    for name, array in sorted(arrays.items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _channels(count: int) -> str:
    return f"{count} channel{'s' * (count != 1)}"


def _initial(path: Path, checksum: str) -> Arrays:
    """The initial arrays of a run, from its own folder."""
    try:
        arrays: Arrays = load(read_file(path))
        is_whole = arrays_checksum(arrays) == checksum
    except RunError:
        raise
    except Exception as error:  # a damaged file can cause any error
        raise _damaged(path) from error
    if not is_whole:
        raise _damaged(path)
    return arrays


def _damaged(path: Path) -> IntegrityError:
    return IntegrityError(
        f"{path} does not hold the arrays that the run started with. Restore it from a "
        "backup, or train again."
    )


def _new_arrays(source: Source, config: RunConfig, names: list[str]) -> list[str]:
    """The arrays of the last layer, if the classes differ."""
    before, now = (source.config or config).resolved, config.resolved
    assert before is not None, "a saved network is resolved"
    assert now is not None, "the configuration is resolved by now"
    if before.class_names == now.class_names:
        return []
    last = [n for n in names if n.startswith("parameters/")][-1].rpartition(".")[0]
    return [name for name in names if name.rpartition(".")[0] == last]


def _other_size(source: Source, config: RunConfig) -> str:
    """The image size that the weights fit, if these images have another."""
    before, now = (source.config or config).resolved, config.resolved
    assert before is not None, "a saved network is resolved"
    assert now is not None, "the configuration is resolved by now"
    if before.input_shape == now.input_shape or len(before.input_shape) != 3:
        return ""
    return "images of {} x {}".format(*before.input_shape[1:])


def _check_fit(
    source: Source, drawn: Arrays, new: list[str], config: RunConfig
) -> None:
    """Raise ConfigError for the first array to copy that does not fit."""
    taken = {name: array for name, array in drawn.items() if name not in new}
    wrong = [
        name
        for name, array in taken.items()
        if name not in source.arrays or source.arrays[name].shape != array.shape
    ]
    if not wrong:
        return
    name, found = wrong[0], source.arrays.get(wrong[0])
    has = "none" if found is None else f"{found.shape}"
    before = (source.config or config).model.name
    which = ""
    advice = "Train the same network on images of the same size and channels."
    sizes = _other_size(source, config)
    if sizes:
        advice = (
            f"Use {sizes}, or start from a network with global average pooling, such "
            "as resnet: its weights fit images of any size."
        )
    if before != config.model.name:
        fit = f"{len(taken) - len(wrong)} of {len(taken)} arrays fit"
        which = f" ({config.model.name} in place of {before}; {fit})"
        advice = f"Leave {config.model.name} out to continue with {before}."
    raise ConfigError(
        f"The weights of {source.path} do not fit: this network{which} takes "
        f"{name.partition('/')[2]} of shape {taken[name].shape}, got {has}. {advice}"
    )
