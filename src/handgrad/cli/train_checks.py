"""Checks of names and options before any data is loaded or downloaded."""

import os
from typing import TYPE_CHECKING

from handgrad import catalog
from handgrad.datasets.sources import NAMES
from handgrad.errors import unknown_name
from handgrad.names import known_name

if TYPE_CHECKING:
    from handgrad.training.config import RunConfig

LOOKS_LIKE_PATH = ("/", "\\", ".")


def check_names(config: "RunConfig") -> None:
    """ConfigError for the first unknown name or option."""
    parts = {
        "model": config.model,
        "loss": config.loss,
        "optimizer": config.optimizer,
        "schedule": config.schedule,
    }
    for kind, part in parts.items():
        catalog.check_options(kind, part.name, part.options)
    for row in config.dataset.augmentation:
        catalog.check_options("augmentation", row.name, row.options)
    _check_dataset(config.dataset.name)


def _check_dataset(name: str) -> None:
    known = known_name(name, NAMES) is not None
    is_path = any(sign in name for sign in LOOKS_LIKE_PATH) or os.path.exists(name)
    if not known and not is_path:
        raise unknown_name("data set", name, NAMES)
