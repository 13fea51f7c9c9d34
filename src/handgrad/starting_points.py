"""Optimizers by their usual names, each with a default learning rate."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from handgrad.options import named
from handgrad.text import one_of

if TYPE_CHECKING:
    from handgrad.optimizers import Optimizer
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
    "muon": {"name": "muon", "learning_rate": 0.003},
}
NAMES = one_of(STARTING_POINTS)  # for help texts


def with_start(table: Mapping[str, Any]) -> dict[str, Any]:
    """Expand an optimizer's name: "momentum" is "sgd" with a momentum of 0.9.

    Values that the table sets are kept. ConfigError for an unknown name.

    Example
        with_start({"name": "momentum"})
        == {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9}
    """
    start = named("optimizer", STARTING_POINTS, table["name"])
    return {**start, **table, "name": start["name"]}


def usual_name(table: Mapping[str, Any]) -> str:
    """The usual name of the optimizer of a table.

    Example
        usual_name({"name": "sgd", "momentum": 0.95}) == "momentum"
    """
    table = with_start(table)
    return [
        name
        for name, start in STARTING_POINTS.items()
        if start["name"] == table["name"] and all(map(table.get, start))
    ][-1]


def optimizer_named(
    name: str, learning_rate: "float | Schedule", **options: Any
) -> "Optimizer":
    """Build an optimizer by its usual name, with the learning rate given."""
    from handgrad import catalog

    table = with_start({"name": name, **options})
    chosen = {k: v for k, v in table.items() if k not in ("name", "learning_rate")}
    made: Optimizer = catalog.build(
        "optimizer", table["name"], chosen, learning_rate=learning_rate
    )
    return made
