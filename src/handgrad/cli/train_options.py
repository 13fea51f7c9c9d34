"""The options of `handgrad train`, and their conversion to configuration tables."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from handgrad.cli.augment_words import augmentations_of
from handgrad.cli.options import (
    DATA,
    TRAINING,
    Settings,
    flag,
    option,
    parse_value,
)
from handgrad.errors import ConfigError
from handgrad.ranges import shown
from handgrad.starting_points import NAMES as OPTIMIZERS

Model = Annotated[
    str | None,
    typer.Argument(
        help="Name of a network (see handgrad models), or a TOML file.",
        show_default="lenet",
    ),
]
DatasetName = Annotated[
    str | None,
    option(
        "Name of a data set (see handgrad data list), or path of images.",
        DATA,
        name="--dataset",
        default="digits",
        metavar="NAME|PATH",
    ),
]
Validation = Annotated[
    str | None,
    option(
        "Validation images: a fraction or number of the training images, test, folder "
        "or none.",
        DATA,
        default="0.1",
        metavar="HOW",
    ),
]
TrainCount = Annotated[
    int | None, option("Number of images to train on.", DATA, default="all")
]
NormalizationName = Annotated[
    str | None,
    option(
        "Normalization: unit (0 to 1), half (-1 to 1) or standard (mean 0, standard "
        "deviation 1).",
        DATA,
        name="--normalization",
        default="unit",
    ),
]
Augment = Annotated[
    list[str] | None,
    option(
        "Augmentation: digits, objects, none, random_crop:2, ...; may be repeated.",
        DATA,
        metavar="NAME[:VALUE]",
    ),
]
PredictWithFlip = Annotated[
    bool,
    flag(
        "--predict-with-flip",
        says="Test-time augmentation: average the logits of the image and its "
        "horizontal flip.",
        panel=DATA,
    ),
]
AllowEmptyClasses = Annotated[
    bool,
    flag(
        "--allow-empty-classes",
        says="Allow folders without images beside the class folders.",
        panel=DATA,
    ),
]
Epochs = Annotated[
    int | None, option("Passes over the training set.", TRAINING, default="10")
]
BatchSize = Annotated[int | None, option("Images per step.", TRAINING, default="256")]
Seed = Annotated[
    int | None,
    option(
        "Seed of all random numbers; the same seed gives bit-identical results.",
        TRAINING,
        default="0",
    ),
]
Optimizer = Annotated[
    str | None,
    option(
        f"Optimizer: {OPTIMIZERS}.",
        TRAINING,
        default="sgd",
    ),
]
LearningRate = Annotated[
    float | None,
    option(
        "Learning rate.",
        TRAINING,
        default="0.1 for sgd, 0.02 with momentum, otherwise 0.001",
    ),
]
Schedule = Annotated[
    str | None,
    option(
        "Learning-rate schedule: constant, step_decay, cosine or one_cycle.",
        TRAINING,
        default="constant",
    ),
]
WarmupEpochs = Annotated[
    float | None, option("Linear warm-up, in epochs.", TRAINING, default="0")
]
WeightDecay = Annotated[
    float | None,
    option("Weight decay of the optimizer; decoupled in adamw.", TRAINING),
]
L2 = Annotated[
    float | None,
    option(
        "Strength of the L2 penalty in the loss.", TRAINING, name="--l2", default="0"
    ),
]
LossName = Annotated[
    str | None,
    option(
        "Loss: softmax_cross_entropy, multiclass_svm or mean_squared_error.",
        TRAINING,
        name="--loss",
        default="softmax_cross_entropy",
    ),
]
LabelSmoothing = Annotated[
    float | None,
    option(
        "Label smoothing of softmax_cross_entropy, as a fraction.",
        TRAINING,
        default="0",
    ),
]
ClassWeight = Annotated[
    str | None,
    option(
        "Class weights: balanced (equal total weight per class) or none.",
        TRAINING,
        default="none",
    ),
]
ClipNorm = Annotated[
    float | None,
    option(
        "Maximum gradient norm (global-norm clipping).",
        TRAINING,
        default="no clipping",
    ),
]
EarlyStopping = Annotated[
    int | None,
    option(
        "Patience: stop after this many epochs without a lower validation loss.",
        TRAINING,
        default="no early stopping",
        metavar="EPOCHS",
    ),
]

PLACES = {  # name of the option -> table and key; "" is the top level
    "seed": ("", "seed"),
    "engine": ("", "engine"),
    "isa": ("", "isa"),
    "dataset": ("dataset", "name"),
    "label_from": ("dataset", "label_from"),
    "data_dir": ("dataset", "data_dir"),
    "validation": ("dataset", "validation"),
    "train_count": ("dataset", "train_count"),
    "allow_empty_classes": ("dataset", "allow_empty_classes"),
    "skip_bad": ("dataset", "skip_bad"),
    "image_size": ("dataset", "image_size"),
    "normalization": ("dataset", "normalization"),
    "augment": ("dataset", "augmentation"),
    "loss": ("loss", "name"),
    "label_smoothing": ("loss", "label_smoothing"),
    "l2": ("loss", "l2"),
    "class_weight": ("loss", "class_weight"),
    "optimizer": ("optimizer", "name"),
    "learning_rate": ("optimizer", "learning_rate"),
    "weight_decay": ("optimizer", "weight_decay"),
    "schedule": ("schedule", "name"),
    "warmup_epochs": ("schedule", "warmup_epochs"),
    "epochs": ("training", "epochs"),
    "batch_size": ("training", "batch_size"),
    "clip_norm": ("training", "clip_norm"),
    "early_stopping": ("training", "early_stopping"),
    "predict_with_flip": ("prediction", "with_flip"),
    "checkpoint_seconds": ("training", "checkpoint_seconds"),
    "on_failed_save": ("training", "on_failed_save"),
}


def tables_from(given: Mapping[str, Any], settings: Settings) -> Settings:
    """Convert options and --set assignments to configuration tables.

    They contain only what was given, so that the other settings of a file stay.
    """
    tables: Settings = {}
    for name, value in given.items():
        if name not in PLACES:
            continue
        table, key = PLACES[name]
        read = READERS.get(name, _as_it_is)(value)
        tables.setdefault(table, {})[key] = read
    for section, values in settings.items():
        known = tables.setdefault(section, {})
        twice = next((k for k in values if k in known and known[k] != values[k]), None)
        if twice is not None:
            raise _conflict(section, twice, known[twice], values[twice])
        known.update(values)
    return tables


def _conflict(section: str, key: str, first: Any, second: Any) -> ConfigError:
    name = next(option for option, place in PLACES.items() if place == (section, key))
    return ConfigError(
        f"--{name.replace('_', '-')} is {shown(first)}, but --set {section}.{key} is "
        f"{shown(second)}. Give one of them."
    )


def merged(base: Settings, over: Settings) -> Settings:
    """Merge tables over a base; a new name resets the options of its table.

    Example
        base "sgd" with a momentum, merged with "adam": "adam" without a momentum
    """
    tables = {name: dict(table) for name, table in base.items() if name}
    top = {**base.get("", {}), **over.get("", {})}
    for name, table in over.items():
        before = tables.get(name, {})
        if name != "dataset" and "name" in table:
            before = {}
        tables[name] = {**before, **table}
    return {**tables, "": top}


def _validation(text: str) -> Any:
    value = parse_value(text)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number and value not in ("test", "none", "folder"):
        raise ConfigError(
            "--validation takes a fraction, a number of images, test, folder or none, "
            f"got {text!r}. For example: --validation 0.1"
        )
    return value


def _image_size(side: int) -> list[int]:
    if side < 1:
        raise ConfigError(
            f"--image-size takes an integer of at least 1, got {side}. "
            "Give the side length in pixels."
        )
    return [side, side]


def _as_it_is(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


READERS: dict[str, Callable[[Any], Any]] = {
    "validation": _validation,
    "image_size": _image_size,
    "augment": augmentations_of,
}
