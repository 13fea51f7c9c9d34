"""The options of `handgrad train`, and their conversion to configuration tables."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from handgrad.cli.options import DATA, RUN, TRAINING, Settings, flag, parse_value
from handgrad.errors import ConfigError
from handgrad.ranges import shown

Model = Annotated[
    str | None,
    typer.Argument(
        help="Name of a network (see handgrad models), or a TOML file.",
        show_default="lenet",
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        help="Engine: cpu (fast) or plain (readable).",
        show_default="cpu",
        rich_help_panel=RUN,
    ),
]
Isa = Annotated[
    str | None,
    typer.Option(
        "--isa",
        help="Instruction set: avx2, avx512 or amx; bit-identical results on all "
        "processors that have it.",
        show_default="the largest of the processor",
        rich_help_panel=RUN,
    ),
]
DatasetName = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="NAME|PATH",
        help="Name of a data set (see handgrad data list), or path of images.",
        show_default="digits",
        rich_help_panel=DATA,
    ),
]
Validation = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="Validation images: a fraction or number of the training images, test, "
        "folder or none.",
        show_default="0.1",
        rich_help_panel=DATA,
    ),
]
TrainCount = Annotated[
    int | None,
    typer.Option(
        help="Number of images to train on.", show_default="all", rich_help_panel=DATA
    ),
]
NormalizationName = Annotated[
    str | None,
    typer.Option(
        "--normalization",
        help="Normalization: unit (0 to 1), half (-1 to 1) or standard (mean 0, "
        "standard deviation 1).",
        show_default="unit",
        rich_help_panel=DATA,
    ),
]
Augment = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[:VALUE]",
        help="Augmentation, such as random_flip, random_crop:2 or cutout:8; may be "
        "repeated.",
        rich_help_panel=DATA,
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        help="Passes over the training set.",
        show_default="10",
        rich_help_panel=TRAINING,
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        help="Images per step.",
        show_default="256",
        rich_help_panel=TRAINING,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        help="Seed of all random numbers; the same seed gives bit-identical results.",
        show_default="0",
        rich_help_panel=TRAINING,
    ),
]
Optimizer = Annotated[
    str | None,
    typer.Option(
        help="Optimizer: sgd, momentum, nesterov, rmsprop, adam or adamw.",
        show_default="sgd",
        rich_help_panel=TRAINING,
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        help="Learning rate.",
        show_default="0.1 for sgd, 0.02 with momentum, otherwise 0.001",
        rich_help_panel=TRAINING,
    ),
]
Schedule = Annotated[
    str | None,
    typer.Option(
        help="Learning-rate schedule: constant, step_decay, cosine or one_cycle.",
        show_default="constant",
        rich_help_panel=TRAINING,
    ),
]
WarmupEpochs = Annotated[
    float | None,
    typer.Option(
        help="Linear warm-up, in epochs.", show_default="0", rich_help_panel=TRAINING
    ),
]
WeightDecay = Annotated[
    float | None,
    typer.Option(
        help="Weight decay of the optimizer; decoupled in adamw.",
        rich_help_panel=TRAINING,
    ),
]
L2 = Annotated[
    float | None,
    typer.Option(
        "--l2",
        help="Strength of the L2 penalty in the loss.",
        show_default="0",
        rich_help_panel=TRAINING,
    ),
]
LossName = Annotated[
    str | None,
    typer.Option(
        "--loss",
        help="Loss: softmax_cross_entropy, multiclass_svm or mean_squared_error.",
        show_default="softmax_cross_entropy",
        rich_help_panel=TRAINING,
    ),
]
LabelSmoothing = Annotated[
    float | None,
    typer.Option(
        help="Label smoothing of softmax_cross_entropy, as a fraction.",
        show_default="0",
        rich_help_panel=TRAINING,
    ),
]
ClassWeight = Annotated[
    str | None,
    typer.Option(
        help="Class weights: balanced (equal total weight per class) or none.",
        show_default="none",
        rich_help_panel=TRAINING,
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
ClipNorm = Annotated[
    float | None,
    typer.Option(
        help="Maximum gradient norm (global-norm clipping).",
        show_default="no clipping",
        rich_help_panel=TRAINING,
    ),
]
EarlyStopping = Annotated[
    int | None,
    typer.Option(
        metavar="EPOCHS",
        help="Patience: stop after this many epochs without a lower validation loss.",
        show_default="no early stopping",
        rich_help_panel=TRAINING,
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
    for option, value in given.items():
        if option not in PLACES:
            continue
        table, key = PLACES[option]
        read = READERS.get(option, _as_it_is)(value)
        tables.setdefault(table, {})[key] = read
    for section, values in settings.items():
        known = tables.setdefault(section, {})
        twice = next((k for k in values if k in known and known[k] != values[k]), None)
        if twice is not None:
            raise _said_twice(section, twice, known[twice], values[twice])
        known.update(values)
    return tables


def _said_twice(section: str, key: str, first: Any, second: Any) -> ConfigError:
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


def _augmentations(words: list[str]) -> list[dict[str, Any]]:
    """`random_crop:2` sets the first option; `random_crop:padding=2` names it."""
    from handgrad.catalog import check_options, find, options_of

    tables = []
    for word in words:
        name, colon, text = word.partition(":")
        option, equals, value = text.partition("=")
        known = options_of(find("augmentation", name))
        if colon and not equals:
            option, value = (known[0] if known else "value"), text
        options = {option: parse_value(value)} if colon else {}
        tables.append({"name": name, **check_options("augmentation", name, options)})
    return tables


def _as_it_is(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


READERS: dict[str, Callable[[Any], Any]] = {
    "validation": _validation,
    "image_size": _image_size,
    "augment": _augmentations,
}
