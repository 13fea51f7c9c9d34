"""Convert settings of `handgrad.Classifier` to the configuration of a run and back."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.arrays import Shape
from handgrad.datasets.array_file import ARRAY_FILE
from handgrad.errors import ConfigError
from handgrad.ranges import shown
from handgrad.training.build import OWN_MODEL
from handgrad.training.config import LossConfig, RunConfig, config_from
from handgrad.training.data_place import ARRAYS
from handgrad.training.start_from import read_saved

PATIENCE = 10  # epochs without a lower loss, for early_stopping=True
HELD_OUT = 0.1  # validation fraction for early stopping
SMALLEST_IMAGE = 12  # pixels per side, for a network with two pooling layers
MOST_EPOCHS, LEAST_EPOCHS, AUTO_STEPS = 200, 10, 1000


def config_of(settings: Mapping[str, Any], shape: Shape, examples: int) -> RunConfig:
    """Return the configuration for the parameters of a Classifier.

    `shape` is that of one example, `examples` the number of training examples.
    """
    given = {name: _plain(value) for name, value in settings.items()}
    batch_size = given["batch_size"]
    loss = _table("loss", given["loss"])
    loss |= {"l2": _number(given["l2"] or loss.get("l2", 0))}
    if given["label_smoothing"]:
        loss["label_smoothing"] = _number(given["label_smoothing"])
    if given["class_weight"] is not None:
        loss["class_weight"] = _class_weight(given["class_weight"])
    tables = {
        "seed": given["random_state"],
        "engine": given["engine"],
        "dataset": {
            "name": ARRAYS if given["run"] is None else ARRAY_FILE,
            "validation": _validation(given["validation"], given["early_stopping"]),
            "normalization": given["normalization"],
            "augmentation": [_augmentation(a) for a in _list(given["augment"])],
        },
        "model": _model(given, shape),
        "loss": loss,
        "optimizer": _optimizer(given["optimizer"], given["learning_rate"]),
        "schedule": _table("schedule", given["schedule"]),
        "training": {
            "epochs": _epochs(given["epochs"], batch_size, examples),
            "batch_size": batch_size,
            "clip_norm": _number(given["clip_norm"]),
            "early_stopping": _patience(given["early_stopping"]),
            "average_from": given["average_from"],
        },
    }
    if given["start_from"] is not None:
        how = {name: given[name] for name in ("freeze", "backbone_multiplier")}
        tables["start"] = {"source": str(given["start_from"]), **how}
        tables["start"]["backbone_multiplier"] = _number(how["backbone_multiplier"])
    return config_from(tables, "Classifier")


def settings_of(config: RunConfig) -> dict[str, Any]:
    """Return the parameters of a Classifier for a configuration."""
    options = config.model.options
    is_rows = config.model.name == "from_layers"
    loss = {"name": config.loss.name, **config.loss.options}
    if config.loss.l2_factor != LossConfig().l2_factor:
        loss["l2_factor"] = config.loss.l2_factor
    smoothing = loss.pop("label_smoothing", 0.0)
    optimizer = {"name": config.optimizer.name, **config.optimizer.options}
    schedule = config.schedule.model_dump(mode="json")
    validation = config.dataset.validation
    return {
        "model": options["layers"] if is_rows else config.model.name,
        "model_options": None if is_rows or not options else options,
        "epochs": config.training.epochs,
        "batch_size": config.training.batch_size,
        "optimizer": _short(optimizer),
        "learning_rate": config.optimizer.learning_rate,
        "schedule": _short({k: v for k, v in schedule.items() if v != 0}),
        "loss": _short(loss),
        "l2": config.loss.l2,
        "label_smoothing": smoothing,
        "clip_norm": config.training.clip_norm,
        "validation": None if isinstance(validation, str) else validation,
        "early_stopping": config.training.early_stopping or False,
        "average_from": config.training.average_from,
        "augment": tuple(
            a.model_dump(mode="json") for a in config.dataset.augmentation
        ),
        "class_weight": config.loss.class_weight,
        "normalization": config.dataset.normalization,
        "random_state": config.seed,
        "engine": config.engine,
    }


def _plain(value: Any) -> Any:
    """Convert NumPy scalars, as a hyperparameter search passes them, to Python."""
    return value.item() if isinstance(value, np.generic) else value


def _number(value: Any) -> Any:
    """Convert an integer to a float; other values are validated later, by name."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if is_whole else value


def _list(value: Any) -> Sequence[Any]:
    """Wrap a single value in a list."""
    if value is None:
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    return [value]


def _table(kind: str, value: Any) -> dict[str, Any]:
    """Convert a name, or a mapping with a name and options, to a table."""
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, Mapping) and "name" in value:
        return {option: _plain(setting) for option, setting in value.items()}
    raise ConfigError(
        f"Classifier takes {kind} as a name or a mapping with a name, got "
        f'{shown(value)}. Write it as {{"name": ...}} with its options.'
    )


def _short(table: dict[str, Any]) -> Any:
    """Reduce a table without options to its name."""
    return table["name"] if len(table) == 1 else table


def _optimizer(value: Any, learning_rate: float | None) -> dict[str, Any]:
    table = _table("optimizer", value)
    if learning_rate is not None:
        table["learning_rate"] = _number(learning_rate)
    return table


def _augmentation(value: Any) -> dict[str, Any]:
    return _table("augment", value)


def _model(given: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """Return the model table: a catalogue name, from_layers, or a network of yours.

    "auto" is the network of the weights to start from, if there are any.
    """
    model, options = given["model"], given["model_options"]
    if model == "auto" and given["start_from"] is not None:
        source, _ = read_saved(Path(given["start_from"]), warns=False)
        return {**source.model.model_dump(), **(options or {})}
    if isinstance(model, str):
        table = _automatic(shape) if model == "auto" else {"name": model}
        return {**table, **(options or {})}
    if options:
        raise ConfigError(
            "Classifier takes model_options only for a network of the catalogue. "
            "Write the options into the layers themselves."
        )
    if isinstance(model, Sequence):
        return {"name": "from_layers", "layers": list(model)}
    return {"name": OWN_MODEL}


def _automatic(shape: Shape) -> dict[str, Any]:
    """LeNet for images large enough for two pooling layers, an MLP for the rest."""
    if len(shape) == 3 and min(shape[1:]) >= SMALLEST_IMAGE:
        return {"name": "lenet", "activation": "relu", "pooling": "max"}
    return {"name": "mlp"}


def _epochs(epochs: Any, batch_size: Any, examples: int) -> Any:
    """For "auto": as many epochs as make 1000 steps, within bounds."""
    if epochs != "auto":
        return epochs
    steps = -(-examples // max(1, int(batch_size)))
    return min(MOST_EPOCHS, max(LEAST_EPOCHS, -(-AUTO_STEPS // steps)))


def _validation(value: Any, early_stopping: Any) -> Any:
    if isinstance(value, tuple | list):
        return "test"  # separate validation arrays
    if value is None:
        return HELD_OUT if early_stopping else "none"
    return value


def _class_weight(value: Any) -> Any:
    """Convert the labels of a mapping to text; a name stays as it is."""
    if not isinstance(value, Mapping):
        return value
    return {str(_plain(label)): float(weight) for label, weight in value.items()}


def _patience(early_stopping: Any) -> int | None:
    if early_stopping is True:
        return PATIENCE
    return None if early_stopping in (None, False) else early_stopping
