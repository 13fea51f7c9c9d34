"""What was meant by the name of a network that is a path or a data set."""

import os
import shlex
from pathlib import Path

from handgrad.catalog import MODELS
from handgrad.datasets.sources import NAMES
from handgrad.errors import ConfigError, unknown_name
from handgrad.names import known_name
from handgrad.ranges import shown

DATA_FILES = {
    *(".zip", ".tar", ".tgz", ".gz", ".csv", ".tsv", ".npz", ".mat", ".parquet"),
    *(".png", ".jpg", ".jpeg"),
}


def check_model_name(model: str) -> None:
    """ConfigError for images, a run or a data set in place of a network, with the way.

    Other names, known or not, and files of settings pass.
    """
    path = Path(os.path.expanduser(model))
    if known_name(model, MODELS) is not None or model.endswith(".toml"):
        return
    quoted, hint = shlex.quote(model), ""
    if known_name(model, NAMES) is not None:
        hint = f"--dataset {quoted} trains on that data set."
    elif os.path.exists(path / "config.toml"):
        hint = (
            f"--resume {quoted} continues that run, and --start-from {quoted} starts "
            "from its weights."
        )
    elif path.suffix.lower() == ".safetensors" and os.path.exists(path):
        hint = f"--start-from {quoted} starts from that network."
    elif os.path.isdir(path) or _is_data_file(model, path):
        hint = f"--dataset {quoted} trains on the images there."
    if hint:
        raise ConfigError(f"{unknown_name('model', model, MODELS)} {hint}")


def is_trained(model: str) -> bool:
    """Whether this is a run or the file of a trained network, not a name."""
    path = Path(os.path.expanduser(model))
    if known_name(model, MODELS) is not None:
        return False
    is_file = path.suffix.lower() == ".safetensors" and os.path.exists(path)
    return is_file or os.path.exists(path / "config.toml")


def check_not_trained(model: str) -> None:
    """ConfigError for a run or the file of a network in place of the name of one."""
    if is_trained(model):
        raise ConfigError(
            f"{shown(model)} is a trained network, but this command takes the name of "
            f"one of the catalogue. handgrad summary {shlex.quote(model)} shows it."
        )


def _is_data_file(model: str, path: Path) -> bool:
    """Whether a file is there that `configure` does not read as settings."""
    is_bare = not path.suffix and "/" not in model and "\\" not in model
    return os.path.exists(path) and (is_bare or path.suffix.lower() in DATA_FILES)
