"""Parameters that were changed between two calls of partial_fit."""

from collections.abc import Mapping
from typing import Any

from handgrad.errors import ConfigError
from handgrad.estimator.parameter_rules import checked_parameters
from handgrad.ranges import shown
from handgrad.training.classifier_settings import config_of
from handgrad.training.config import RunConfig

# parameters that determine the network, its inputs and its random numbers
FIXED = (
    "model",
    "model_options",
    "normalization",
    "channels",
    "random_state",
    "engine",
    "start_from",
    "freeze",
    "backbone_multiplier",
)
FOLLOWED = (
    *("optimizer", "learning_rate", "schedule", "epochs", "batch_size", "augment"),
    *("loss", "l2", "label_smoothing", "clip_norm", "class_weight"),
)
FIT_ONLY = {
    "run": None,
    "minutes": None,
    "validation": None,
    "average_from": None,
    "early_stopping": False,
}


def for_portions(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Check the parameters, and reset those that only `fit` uses."""
    settings = checked_parameters(settings)
    if settings["class_weight"] == "balanced":
        raise ConfigError(
            'partial_fit does not support class_weight="balanced": the examples of one '
            "call do not show the class frequencies. Give a mapping from each label to "
            "a number."
        )
    return {**settings, **FIT_ONLY}


def followed(
    config: RunConfig, before: Mapping[str, Any], now: Mapping[str, Any]
) -> RunConfig:
    """Update the configuration with the parameters that were changed since.

    `before` are the parameters of the last call, `now` those of this one. ConfigError
    for a change that needs a new network.
    """
    for name in FIXED:
        if not _is_same(before[name], now[name]):
            raise _needs_fit(name, before, now)
    changed = [name for name in FOLLOWED if not _is_same(before[name], now[name])]
    if not changed:
        return config
    assert config.resolved is not None, "the configuration is not resolved"
    epochs = now["epochs"] if "epochs" in changed else config.training.epochs
    kept = {"random_state": config.seed, "epochs": epochs, "start_from": None}
    settings = {**now, **kept}
    resolved = config.resolved
    new = config_of(settings, resolved.input_shape, resolved.train_images)
    if new.optimizer.name != config.optimizer.name:
        raise _needs_fit("optimizer", before, now)
    augmentation = {"augmentation": new.dataset.augmentation}
    return config.model_copy(
        update={
            "loss": new.loss,
            "optimizer": new.optimizer,
            "schedule": new.schedule,
            "training": new.training,
            "dataset": config.dataset.model_copy(update=augmentation),
        }
    )


def _needs_fit(
    name: str, before: Mapping[str, Any], now: Mapping[str, Any]
) -> ConfigError:
    return ConfigError(
        f"partial_fit continues with {name}={shown(before[name])}, got "
        f"{name}={shown(now[name])}. Call fit to train from scratch, or reset {name}."
    )


def _is_same(before: object, now: object) -> bool:
    try:
        return now is before or bool(now == before)
    except ValueError:  # arrays within a mapping
        return False
