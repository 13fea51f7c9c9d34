"""Validation of the parameters of a Classifier."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.datasets.normalization import NAMES as NORMALIZATIONS
from handgrad.engine.choose import ENGINES
from handgrad.engine.parts import MOST_WORKERS
from handgrad.errors import ConfigError, RunError
from handgrad.layers import Sequential
from handgrad.models.user_function import check_function
from handgrad.paths import path_of
from handgrad.ranges import LARGEST, MOST, is_number, is_whole, shown


@dataclass(frozen=True)
class Rule:
    """What a parameter takes, in words, with an example."""

    is_right: Callable[[Any], bool]
    words: str
    example: str


def checked_parameters(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Check all parameters; ConfigError for a wrong type or a value out of range.

    Names of networks, losses and the like are checked later, with a suggestion.
    """
    for name, rule in RULES.items():
        if not rule.is_right(settings[name]):
            raise ConfigError(
                f"Classifier takes {name} as {rule.words}, got "
                f"{shown(settings[name])}. Give, for example, {rule.example}."
            )
    if not isinstance(settings["model"], str | list | tuple | Sequential):
        check_function(settings["model"])
    _check_rows(settings["model"])
    _check_validation(settings["validation"])
    _check_class_weight(settings["class_weight"])
    _check_given_once(settings)
    for name in ("run", "start_from"):
        if settings[name] is not None:
            path_of("Classifier", name, settings[name], RunError)
    _check_start(settings)
    if settings["minutes"] is not None and settings["model"] != "auto":
        raise ConfigError(
            'Classifier takes minutes with the model "auto", which plans the network, '
            f"got the model {shown(settings['model'])}. Remove one of them."
        )
    return dict(settings)


def _check_rows(model: Any) -> None:
    """ConfigError for a list with layer objects, or with functions not called."""
    rows = model if isinstance(model, list | tuple) else ()
    wrong = [row for row in rows if not isinstance(row, Mapping)]
    if wrong:
        raise ConfigError(
            "Classifier takes a list of layers of handgrad.network, such as linear(10) "
            f"or relu(), got {shown(wrong[0])}. Give these, or layer objects as "
            "handgrad.layers.Sequential([...])."
        )


def _check_validation(value: Any) -> None:
    is_pair = isinstance(value, tuple | list) and len(value) == 2
    is_fraction = is_number(value) and 0 < value < 1
    is_count = _is_finite(value) and value > 1 and not value % 1  # also 50.0
    if value is None or is_pair or is_fraction or is_count or _is_count(value):
        return
    hint = "Give, for example, 0.1."
    if is_number(value) and value == 1:
        hint = "Give 1 for one example; a fraction of 1.0 leaves none to train on."
    raise ConfigError(
        "Classifier takes validation as a fraction above 0 and below 1, a number of "
        f"examples of at least 1, (X, y) or None, got {shown(value)}. {hint}"
    )


def _check_class_weight(value: Any) -> None:
    if isinstance(value, Mapping):
        wrong = [weight for weight in value.values() if not _is_from_0(weight)]
    elif value is None or _is_one_of(("balanced",))(value):
        return
    else:
        wrong = [value]
    if wrong:
        raise ConfigError(
            'Classifier takes class_weight as "balanced", a mapping from each label to '
            f"a number of at least 0, or None, got {shown(wrong[0])}. Give, for "
            "example, {0: 1.0, 1: 5.0}."
        )


def _check_given_once(settings: Mapping[str, Any]) -> None:
    """ConfigError for a setting given both in a table and as a parameter."""
    for table, name, default in TWICE:
        options = settings[table]
        is_in_table = isinstance(options, Mapping) and name in options
        if is_in_table and settings[name] not in (None, default):
            raise ConfigError(
                f"Classifier takes {name} once, got {shown(settings[name])} and, in "
                f"{table}, {shown(options[name])}. Remove one of them."
            )


def _check_start(settings: Mapping[str, Any]) -> None:
    """ConfigError for a start from other weights in a plan, or without a source."""
    for name in ("start_from", "freeze", "backbone_multiplier"):
        if settings["minutes"] is not None and settings[name] is not None:
            raise ConfigError(
                f"A plan chooses a network of its own, got {name} as well. Remove it, "
                "or leave out minutes."
            )
    for name in ("freeze", "backbone_multiplier"):
        if settings["start_from"] is None and settings[name] is not None:
            raise ConfigError(
                f"Classifier takes {name} only with start_from, got "
                f"{shown(settings[name])}. Give the run or file to start from."
            )


def _is_finite(value: Any) -> bool:
    return is_number(value) and abs(value) <= LARGEST


def _is_from_0(value: Any) -> bool:
    return _is_finite(value) and value >= 0


def _is_above_0(value: Any) -> bool:
    return _is_finite(value) and value > 0


def _is_count(value: Any) -> bool:
    return is_whole(value) and 1 <= value <= MOST


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _or_none(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or is_right(value)


def _is_model(value: Any) -> bool:
    is_function = callable(value) and not isinstance(value, type)
    return isinstance(value, str | list | tuple | Sequential) or is_function


def _is_one_of(names: Sequence[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in names


def _is_named(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, Mapping) and "name" in value)


def _is_augment(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return value is None or all(map(_is_named, value if is_list else [value]))


ABOVE_0 = f"a number above 0 and up to {LARGEST:g}, or None"
NAMED = "a name or a mapping with a name and options"
OBJECTS = "; objects are for handgrad.training.Trainer.for_model"
RULES = {
    "model": Rule(
        _is_model,
        "a name, a list of layers of handgrad.network, a Sequential or a function that "
        "returns one", '"mlp"',
    ),
    "model_options": Rule(
        _or_none(lambda value: isinstance(value, Mapping) and "name" not in value),
        "a mapping from an option to its value, without the name, or None",
        '{"hidden_sizes": [64]}',
    ),
    "minutes": Rule(_or_none(_is_above_0), ABOVE_0, "10"),
    "epochs": Rule(
        lambda value: _is_count(value) or _is_one_of(("auto",))(value),
        f'an integer from 1 to {MOST}, or "auto"', "20",
    ),
    "batch_size": Rule(_is_count, f"an integer from 1 to {MOST}", "128"),
    "optimizer": Rule(_is_named, NAMED, f'"adam"{OBJECTS}'),
    "learning_rate": Rule(_or_none(_is_above_0), ABOVE_0, "0.001"),
    "schedule": Rule(_is_named, NAMED, f'"cosine"{OBJECTS}'),
    "loss": Rule(_is_named, NAMED, f'"softmax_cross_entropy"{OBJECTS}'),
    "l2": Rule(_or_none(_is_from_0), f"a number from 0 to {LARGEST:g}", "1e-4"),
    "label_smoothing": Rule(
        _or_none(lambda value: _is_from_0(value) and value < 1),
        "a number from 0 up to, but not including, 1", "0.1",
    ),
    "clip_norm": Rule(_or_none(_is_above_0), ABOVE_0, "1.0"),
    "early_stopping": Rule(
        _or_none(lambda v: _is_truth(v) or _is_count(v) or (is_whole(v) and v == 0)),
        f"True, False, or a number of epochs from 0 to {MOST}", "5",
    ),
    "average_from": Rule(_or_none(_is_count), f"an integer from 1 to {MOST}", "20"),
    "augment": Rule(_is_augment, "a list, each item a name or a mapping with a name",
                    f'["random_flip"]{OBJECTS}'),
    "normalization": Rule(
        _is_one_of(NORMALIZATIONS), '"standard", "unit" or "half"', '"standard"'
    ),
    "channels": Rule(
        _or_none(_is_one_of(("first", "last"))), '"first", "last" or None',
        '"last"',
    ),
    "engine": Rule(_is_one_of(ENGINES), '"cpu" or "plain"', '"cpu"'),
    "workers": Rule(
        _or_none(lambda value: _is_count(value) and value <= MOST_WORKERS),
        f"an integer from 1 to {MOST_WORKERS}, or None", "2",
    ),
    "freeze": Rule(
        _or_none(lambda v: _is_count(v) or _is_one_of(("all-but-last",))(v)),
        f'an integer from 1 to {MOST}, "all-but-last" or None', '"all-but-last"',
    ),
    "backbone_multiplier": Rule(_or_none(_is_above_0), ABOVE_0, "0.1"),
    "verbose": Rule(
        _or_none(lambda value: _is_truth(value) or is_whole(value)),
        "True, False or an integer", "True",
    ),
}  # fmt: skip
TWICE = (  # the table, the name of the setting, and its default
    ("optimizer", "learning_rate", None),
    ("loss", "l2", 0),
    ("loss", "label_smoothing", 0),
    ("loss", "class_weight", None),
)
