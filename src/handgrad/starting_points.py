"""Optimizers by the names that users know, each with a learning rate to start from."""

from collections.abc import Mapping
from typing import Any

from handgrad import catalog
from handgrad.optimizers import Optimizer
from handgrad.options import named
from handgrad.schedules import Schedule

STARTING_POINTS: dict[str, dict[str, Any]] = {
    "sgd": {"name": "sgd", "learning_rate": 0.1},
    "momentum": {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9},
    "nesterov": {
        "name": "sgd",
        "learning_rate": 0.02,
        "momentum": 0.9,
        "nesterov": True,
    },
    "rmsprop": {"name": "rmsprop", "learning_rate": 0.001},
    "adam": {"name": "adam", "learning_rate": 0.001},
    "adamw": {"name": "adamw", "learning_rate": 0.001},
}


def with_start(table: Mapping[str, Any]) -> dict[str, Any]:
    """An optimizer's table as the catalogue names it, with what its name implies.

    ConfigError for an unknown name. What the table sets itself stays.

    Example
        with_start({"name": "momentum"})
        == {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9}
    """
    start = named("optimizer", STARTING_POINTS, table["name"])
    return {**start, **table, "name": start["name"]}


def optimizer_named(
    name: str, learning_rate: float | Schedule, **options: Any
) -> Optimizer:
    """The optimizer of that name, with what the name implies but the learning rate."""
    table = with_start({"name": name, **options})
    chosen = {k: v for k, v in table.items() if k not in ("name", "learning_rate")}
    made: Optimizer = catalog.build(
        "optimizer", table["name"], chosen, learning_rate=learning_rate
    )
    return made
