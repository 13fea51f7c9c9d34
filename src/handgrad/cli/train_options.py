"""The options of `handgrad train`: each with its help and the setting that it gives."""

from collections.abc import Mapping
from inspect import Signature
from pathlib import Path
from typing import Annotated, Any

import typer

from handgrad.cli.augment_words import augmentations_of
from handgrad.cli.options import (
    DATA,
    MODEL,
    RUN,
    TRAINING,
    DataDir,
    Fit,
    ImageSize,
    Json,
    LabelFrom,
    Option,
    Quiet,
    Set,
    Settings,
    SkipBad,
    Workers,
    option,
    parse_value,
)
from handgrad.cli.value_readers import read_freeze, read_image_size, read_validation
from handgrad.errors import ConfigError
from handgrad.ranges import shown
from handgrad.starting_points import NAMES as OPTIMIZERS

Model = Annotated[
    str | None,
    typer.Argument(
        help="Name of a network (see handgrad models), a TOML file, or auto.",
        show_default="auto for a path of images, otherwise lenet",
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

PANELS: dict[str, dict[str, Option]] = {  # in the order of the help
    MODEL: {"model": Option("", Model), "settings": Option("", Set)},
    DATA: {
        "dataset": Option(
            "dataset.name",
            str,
            "Name of a data set (see handgrad data list), or path of images.",
            "digits",
            metavar="NAME|PATH",
        ),
        "label_from": Option("dataset.label_from", LabelFrom),
        "data_dir": Option("dataset.data_dir", DataDir),
        "validation": Option(
            "dataset.validation",
            str,
            "Validation images: a fraction or number of the training images, test, "
            "folder or none.",
            "0.1, or folder if the data set has one",
            metavar="HOW",
            read=read_validation,
        ),
        "train_count": Option(
            "dataset.train_count", int, "Number of images to train on.", "all"
        ),
        "allow_empty_classes": Option(
            "dataset.allow_empty_classes",
            bool,
            "Allow folders without images beside the class folders.",
        ),
        "skip_bad": Option("dataset.skip_bad", SkipBad),
        "image_size": Option("dataset.image_size", ImageSize, read=read_image_size),
        "fit": Option("dataset.fit", Fit),
        "normalization": Option(
            "dataset.normalization",
            str,
            "Normalization: unit (0 to 1), half (-1 to 1) or standard (mean 0, "
            "standard deviation 1).",
            "unit",
        ),
        "augment": Option("dataset.augmentation", Augment, read=augmentations_of),
        "predict_with_flip": Option(
            "prediction.with_flip",
            bool,
            "Test-time augmentation: average the logits of the image and its "
            "horizontal flip.",
        ),
        "predict_center_crop": Option(
            "prediction.center_crop",
            str,
            "Test-time center crop: the fraction of each side, such as 0.875; several "
            "(1,0.8) are averaged.",
            metavar="PART",
            read=parse_value,
        ),
        "predict_shift": Option(
            "prediction.shift",
            int,
            "Test-time augmentation: average the logits of the image moved by so many "
            "pixels down and to the right, and up and to the left.",
        ),
    },
    TRAINING: {
        "minutes": Option(
            "", float, "Minutes in all, planning included, for the model auto.", "10"
        ),
        "epochs": Option("training.epochs", int, "Passes over the training set.", "10"),
        "batch_size": Option("training.batch_size", int, "Images per step.", "256"),
        "seed": Option(
            "seed",
            int,
            "Seed of all random numbers; the same seed gives bit-identical results.",
            "0",
        ),
        "optimizer": Option(
            "optimizer.name",
            str,
            f"Optimizer: {OPTIMIZERS}.",
            "sgd",
        ),
        "learning_rate": Option(
            "optimizer.learning_rate",
            float,
            "Learning rate.",
            "0.1 for sgd, 0.02 with momentum, 0.003 for muon, otherwise 0.001",
        ),
        "schedule": Option(
            "schedule.name",
            str,
            "Learning-rate schedule: constant, step_decay, cosine or one_cycle.",
            "constant",
        ),
        "warmup_epochs": Option(
            "schedule.warmup_epochs", float, "Linear warm-up, in epochs.", "0"
        ),
        "weight_decay": Option(
            "optimizer.weight_decay",
            float,
            "Weight decay of the optimizer; decoupled in adamw and muon.",
            "0.01 for adamw, 0.1 for muon, otherwise 0",
        ),
        "loss": Option(
            "loss.name",
            str,
            "Loss: softmax_cross_entropy, multiclass_svm or mean_squared_error.",
            "softmax_cross_entropy",
        ),
        "l2": Option("loss.l2", float, "Strength of the L2 penalty in the loss.", "0"),
        "label_smoothing": Option(
            "loss.label_smoothing",
            float,
            "Label smoothing of softmax_cross_entropy, as a fraction.",
            "0",
        ),
        "class_weight": Option(
            "loss.class_weight",
            str,
            "Class weights: balanced (equal total weight per class) or none.",
            "none",
        ),
        "clip_norm": Option(
            "training.clip_norm",
            float,
            "Maximum gradient norm (global-norm clipping).",
            "no clipping",
        ),
        "early_stopping": Option(
            "training.early_stopping",
            int,
            "Patience: stop after this many epochs without a lower validation loss.",
            "no early stopping",
            metavar="EPOCHS",
        ),
        "average_from": Option(
            "training.average_from",
            int,
            "Weight averaging (SWA): the mean of the weights of all epochs from this "
            "one on.",
            "no averaging",
            metavar="EPOCH",
        ),
    },
    RUN: {
        "engine": Option(
            "engine", str, "Engine: cpu (fast) or plain (readable).", "cpu"
        ),
        "isa": Option(
            "isa",
            str,
            "Instruction set: avx2, avx512 or amx; bit-identical results on all "
            "processors that have it. amx-bf16 multiplies numbers rounded to bfloat16: "
            "faster, less exact.",
            "the largest supported, never amx-bf16",
        ),
        "workers": Option("", Workers),
        "run": Option("", Path, "New folder for the run.", "a new one in runs/"),
        "resume": Option(
            "",
            Path,
            "Run folder to resume: a stopped run, or any run with more --epochs.",
            metavar="RUN",
        ),
        "start_from": Option(
            "",
            Path,
            "Run or saved network whose weights to start from.",
            metavar="RUN|FILE",
        ),
        "freeze": Option(
            "start.freeze",
            str,
            "With --start-from: number of first layers to freeze, or all-but-last.",
            "no layer",
            metavar="N|all-but-last",
            read=read_freeze,
        ),
        "backbone_multiplier": Option(
            "start.backbone_multiplier",
            float,
            "With --start-from: learning-rate multiplier of all layers but the last.",
            "1",
        ),
        "checkpoint_seconds": Option(
            "training.checkpoint_seconds",
            float,
            "Seconds between two checkpoints within an epoch.",
            "60",
        ),
        "on_failed_save": Option(
            "training.on_failed_save",
            str,
            "On a failed save: stop, or continue and retry at the next checkpoint.",
            "stop",
            metavar="WHAT",
        ),
        "tensorboard": Option(
            "", Path, "Folder for TensorBoard events, written live.", metavar="DIR"
        ),
        "live": Option(
            "", Path, "File for JSON lines of steps, written live.", metavar="FILE"
        ),
        "force": Option(
            "", bool, "Start even if the estimated memory exceeds what is free."
        ),
    },
    "": {"quiet": Option("", Quiet), "as_json": Option("", Json)},
}
OPTIONS = {name: one for panel in PANELS.values() for name, one in panel.items()}


def signature() -> Signature:
    """The signature of `handgrad train`: every option, absent unless given."""
    return Signature(
        [
            one.parameter(name, panel)
            for panel, options in PANELS.items()
            for name, one in options.items()
        ]
    )


def tables_from(given: Mapping[str, Any], settings: Settings) -> Settings:
    """Convert options and --set assignments to configuration tables.

    They contain only what was given, so that the other settings of a file stay.
    """
    tables: Settings = {}
    for name, value in given.items():
        table, key = OPTIONS[name].place
        if key:
            tables.setdefault(table, {})[key] = OPTIONS[name].read(value)
    for section, values in settings.items():
        known = tables.setdefault(section, {})
        twice = next((k for k in values if k in known and known[k] != values[k]), None)
        if twice is not None:
            raise _conflict(section, twice, known[twice], values[twice])
        known.update(values)
    return tables


def _conflict(section: str, key: str, first: Any, second: Any) -> ConfigError:
    name = next(name for name, one in OPTIONS.items() if one.place == (section, key))
    return ConfigError(
        f"--{name.replace('_', '-')} is {shown(first)}, but --set {section}.{key} is "
        f"{shown(second)}. Give one of them."
    )
