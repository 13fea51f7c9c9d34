"""What `handgrad train` may be told, and the tables of a configuration it becomes."""

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
        help="A network (see handgrad models) or a TOML file; LeNet by default.",
        show_default=False,
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(help="cpu (fast) or plain (readable).", rich_help_panel=RUN),
]
Isa = Annotated[
    str | None,
    typer.Option(
        "--isa",
        help="avx2, avx512 or amx: the same bits on any processor that has it.",
        rich_help_panel=RUN,
    ),
]
DatasetName = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="NAME|PATH",
        help="A name (see handgrad data list), or the path of images (digits).",
        rich_help_panel=DATA,
    ),
]
Validation = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="A fraction or count of the training images, test, folder, none (0.1).",
        rich_help_panel=DATA,
    ),
]
TrainCount = Annotated[
    int | None,
    typer.Option(help="Train on this many images only.", rich_help_panel=DATA),
]
NormalizationName = Annotated[
    str | None,
    typer.Option(
        "--normalization",
        help="unit (0 to 1), half (-1 to 1) or standard (mean 0, deviation 1).",
        rich_help_panel=DATA,
    ),
]
Augment = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[:VALUE]",
        help="random_flip, random_crop:2 or cutout:8; may be repeated.",
        rich_help_panel=DATA,
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(help="Times through the training images.", rich_help_panel=TRAINING),
]
BatchSize = Annotated[
    int | None, typer.Option(help="Images in a step.", rich_help_panel=TRAINING)
]
Seed = Annotated[
    int | None,
    typer.Option(help="The same seed gives the same bits.", rich_help_panel=TRAINING),
]
Optimizer = Annotated[
    str | None,
    typer.Option(
        help="sgd, momentum, nesterov, rmsprop, adam or adamw.",
        rich_help_panel=TRAINING,
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        help="0.1 for sgd, 0.02 with momentum, else 0.001.", rich_help_panel=TRAINING
    ),
]
Schedule = Annotated[
    str | None,
    typer.Option(
        help="constant, step_decay, cosine or one_cycle.", rich_help_panel=TRAINING
    ),
]
WarmupEpochs = Annotated[
    float | None,
    typer.Option(help="Rise to the learning rate first.", rich_help_panel=TRAINING),
]
WeightDecay = Annotated[
    float | None,
    typer.Option(help="The optimizer's weight decay.", rich_help_panel=TRAINING),
]
L2 = Annotated[
    float | None,
    typer.Option(
        "--l2", help="Strength of the L2 term of the loss.", rich_help_panel=TRAINING
    ),
]
LossName = Annotated[
    str | None,
    typer.Option(
        "--loss",
        help="softmax_cross_entropy, multiclass_svm or mean_squared_error.",
        rich_help_panel=TRAINING,
    ),
]
LabelSmoothing = Annotated[
    float | None,
    typer.Option(help="Of softmax_cross_entropy.", rich_help_panel=TRAINING),
]
ClassWeight = Annotated[
    str | None,
    typer.Option(
        help="balanced (equal total weight per class) or none (none).",
        rich_help_panel=TRAINING,
    ),
]
PredictWithFlip = Annotated[
    bool,
    flag(
        "--predict-with-flip",
        says="Answer by the mean over an image and its mirror image.",
        panel=DATA,
    ),
]
ClipNorm = Annotated[
    float | None,
    typer.Option(help="Longest gradient of a step.", rich_help_panel=TRAINING),
]
EarlyStopping = Annotated[
    int | None,
    typer.Option(
        metavar="EPOCHS",
        help="Stop after so many epochs without a better one.",
        rich_help_panel=TRAINING,
    ),
]

AllowEmptyClasses = Annotated[
    bool,
    flag(
        "--allow-empty-classes",
        says="Go on where a folder beside those of the classes has no images.",
        panel=DATA,
    ),
]

PLACES = {  # the option's own name -> its table and key; "" is the top
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
    """The tables that these options and --set assignments ask for.

    Only what was given is in them, so that a file's own settings stay.
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
        f"--{name.replace('_', '-')} says {shown(first)}, and --set {section}.{key} "
        f"says {shown(second)}. Give one of them."
    )


def merged(base: Settings, over: Settings) -> Settings:
    """The base with other tables laid over it; a new name starts a table afresh.

    Example
        an optimizer sgd with momentum, told to be adam, forgets its momentum
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
            "--validation takes a fraction, a count, test, folder or none, got "
            f"{text!r}. Write it like --validation 0.1."
        )
    return value


def _image_size(side: int) -> list[int]:
    if side < 1:
        raise ConfigError(
            f"--image-size takes a whole number from 1 up, got {side}. "
            "Give the pixels of a side."
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
