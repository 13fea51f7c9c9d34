"""Settings that a client may give, and the configuration that they make.

No path comes from a client: a data set is a name of the catalogue, or the handle of one
that the server keeps.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handgrad.datasets.picture_folder import ZIP
from handgrad.datasets.sources import NAMES
from handgrad.errors import ConfigError
from handgrad.names import known_name
from handgrad.training.config import RunConfig, config_from
from handgrad.training.configure import QUICK_START, check_names
from handgrad.web.handles import looked_up

DATASET = frozenset(
    ("name", "validation", "train_count", "image_size", "normalization", "augmentation")
)
TABLES = frozenset(("model", "loss", "optimizer", "schedule", "training", "prediction"))
TOP = frozenset(("seed", "engine"))


def config_of(tables: Mapping[str, Any], own: Mapping[str, Path]) -> RunConfig:
    """The configuration of these tables; `own` are the data sets kept by the server.

    ConfigError for a table or a key that a client may not give.
    """
    given = dict(tables) if tables else dict(QUICK_START)
    for name in given:
        _check(name, {*TABLES, *TOP, "dataset"})
    dataset = dict(given.get("dataset") or {})
    for name in dataset:
        _check(name, DATASET)
    dataset["name"] = data_name(str(dataset.get("name", "digits")), own)
    if dataset["name"].endswith(ZIP):  # as the view of its data shows it
        dataset["skip_bad"] = True
    config = config_from({**given, "dataset": dataset}, "These settings")
    check_names(config)
    return config


def data_name(name: str, own: Mapping[str, Path]) -> str:
    """A name of the catalogue, or the path of the data set with this handle."""
    known = known_name(name, NAMES)
    return known if known is not None else str(looked_up("data set", own, name))


def _check(name: str, allowed: set[str] | frozenset[str]) -> None:
    if name not in allowed:
        raise ConfigError(
            f"The page takes the settings {', '.join(sorted(allowed))}, got {name!r}. "
            "For other settings use handgrad train with a file."
        )
