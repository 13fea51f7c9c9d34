"""Optimizers by the names that users know, each with a learning rate to start from."""

from typing import Any

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
