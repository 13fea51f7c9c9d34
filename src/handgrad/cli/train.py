"""`handgrad train`: from command-line arguments to a run folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from handgrad.cli import run_options
from handgrad.cli import train_options as option
from handgrad.cli.options import (
    DataDir,
    ImageSize,
    Json,
    LabelFrom,
    Quiet,
    Set,
    Settings,
    SkipBad,
    Workers,
)
from handgrad.cli.train_options import merged
from handgrad.errors import ConfigError
from handgrad.names import known_name

if TYPE_CHECKING:
    from handgrad.cli.screens.stopping import Stop
    from handgrad.training.config import RunConfig
    from handgrad.training.run import Run

QUICK_START: Settings = {  # `handgrad train` alone: seconds, above 98 % of the digits
    "dataset": {"augmentation": [{"name": "random_crop", "padding": 2}]},
    "model": {"name": "lenet", "activation": "relu", "pooling": "max"},
    "optimizer": {"name": "adam", "learning_rate": 0.003},
    "schedule": {"name": "cosine"},
    "training": {"epochs": 20, "batch_size": 32},
}
NETWORK_KEYS = ("normalization", "augmentation")  # in [dataset]; the rest is the data
ALLOWED_WITH_RESUME = {"resume", "epochs", "workers", "force", "quiet", "as_json"}


def train(  # noqa: PLR0913 - a command's options are its arguments
    context: typer.Context,
    model: option.Model = None,
    settings: Set = None,
    dataset: option.DatasetName = None,
    label_from: LabelFrom = None,
    data_dir: DataDir = None,
    validation: option.Validation = None,
    train_count: option.TrainCount = None,
    allow_empty_classes: option.AllowEmptyClasses = False,
    skip_bad: SkipBad = False,
    image_size: ImageSize = None,
    normalization: option.NormalizationName = None,
    augment: option.Augment = None,
    predict_with_flip: option.PredictWithFlip = False,
    epochs: option.Epochs = None,
    batch_size: option.BatchSize = None,
    seed: option.Seed = None,
    optimizer: option.Optimizer = None,
    learning_rate: option.LearningRate = None,
    schedule: option.Schedule = None,
    warmup_epochs: option.WarmupEpochs = None,
    weight_decay: option.WeightDecay = None,
    loss: option.LossName = None,
    l2: option.L2 = None,
    label_smoothing: option.LabelSmoothing = None,
    class_weight: option.ClassWeight = None,
    clip_norm: option.ClipNorm = None,
    early_stopping: option.EarlyStopping = None,
    engine: run_options.Engine = None,
    isa: run_options.Isa = None,
    workers: Workers = None,
    run: run_options.RunFolder = None,
    resume: run_options.Resume = None,
    start_from: run_options.StartFrom = None,
    checkpoint_seconds: run_options.CheckpointSeconds = None,
    on_failed_save: run_options.OnFailedSave = None,
    force: run_options.Force = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train a network and save everything about the run in a folder.

    Without a model, train LeNet on the handwritten digits included in scikit-learn,
    with its own recipe; the defaults below are those of a named model.
    """
    from handgrad.cli.screens.stopping import stopping
    from handgrad.cli.screens.training import follow

    given = {
        name: value
        for name, value in context.params.items()
        if value is not None and value is not False and value not in ([], ())
    }
    _check_workers(workers, engine)
    if resume is not None:
        _refuse_beside_resume(given)
    with stopping() as stop:
        if resume is not None:
            going = _resumed(
                stop, resume, epochs, workers=workers, quiet=quiet, force=force
            )
        else:
            config = _config(model, given)
            going = _started(
                stop, config, run, workers=workers, quiet=quiet, force=force
            )
        follow(going, stop, quiet=quiet, as_json=as_json)


def _config(model: str | None, given: dict[str, Any]) -> "RunConfig":
    """Build the configuration from the arguments; check all names and options."""
    from handgrad.cli.options import parse_settings
    from handgrad.cli.train_checks import check_names
    from handgrad.training.config import config_from

    over = option.tables_from(given, parse_settings(given.get("settings", [])))
    source = given.get("start_from")
    base = _base(model) if source is None else _base_of(source, model, over)
    tables = merged(base, over)
    top = tables.pop("")
    config = config_from({**top, **tables}, "The configuration")
    check_names(config)
    return config


def _base(model: str | None) -> Settings:
    """The settings before any option: the quick start, a file, or a named network."""
    if model is None:
        return QUICK_START
    if not _is_file(model):
        return {"model": {"name": model}}
    from handgrad.training.config import read_config

    return _tables_of(read_config(Path(model)))


def _base_of(source: Path, model: str | None, over: Settings) -> Settings:
    """The settings of the run to start from, or its data for another network.

    A normalization given explicitly is computed for the new run.
    """
    from handgrad.training.run_images import is_same_data
    from handgrad.training.start_from import read_saved

    before, _ = read_saved(source)
    base, said = _tables_of(before), over
    if model is not None and known_name(model, (before.model.name,)) is None:
        own = _base(model)
        top = {**base[""], **own.get("", {})}  # the seed determines the split
        base = {**own, "": top, "dataset": base.get("dataset", {})}
        said = merged(own, over)
    data = said.get("dataset", {})
    name = before.dataset.name
    if "name" in data and not is_same_data(data["name"], name):
        base = _without_data(base, before)
    kept = "own" if "normalization" in data else "source"
    base["dataset"] = {**base.get("dataset", {}), **data}
    base["start"] = {"source": str(source), "normalization": kept}
    return base


def _without_data(base: Settings, before: "RunConfig") -> Settings:
    """The settings without those of the data; images have the network's input size.

    The location of the images, how they are read and split, and the class weights
    belong to one data set.
    """
    data = {k: v for k, v in base.get("dataset", {}).items() if k in NETWORK_KEYS}
    shape = before.resolved.input_shape if before.resolved else ()
    if len(shape) == 3:
        data["image_size"] = list(shape[1:])
    loss = dict(base.get("loss", {}))
    if isinstance(loss.get("class_weight"), dict):
        del loss["class_weight"]
    return {**base, "dataset": data, "loss": loss}


def _tables_of(config: "RunConfig") -> Settings:
    """The explicit settings of a configuration; top-level keys are in table ""."""
    read = config.model_dump(
        exclude_unset=True, exclude={"resolved"}, exclude_none=True
    )
    top = {name: value for name, value in read.items() if not isinstance(value, dict)}
    tables = {name: value for name, value in read.items() if isinstance(value, dict)}
    return {**tables, "": top}


def _is_file(model: str) -> bool:
    return model.endswith(".toml") or "/" in model or "\\" in model


def _started(
    stop: "Stop",
    config: "RunConfig",
    folder: Path | None,
    *,
    workers: int | None,
    quiet: bool,
    force: bool,
) -> "Run":
    from handgrad.cli.screens.loading import Compiling, loading
    from handgrad.training.run import start

    with loading(quiet=quiet) as progress:
        return start(
            config,
            folder,
            workers=workers,
            progress=progress,
            announce=Compiling(stop.check, quiet=quiet),
            force=force,
        )


def _resumed(
    stop: "Stop",
    folder: Path,
    epochs: int | None,
    *,
    workers: int | None,
    quiet: bool,
    force: bool,
) -> "Run":
    from handgrad.cli.screens.loading import Compiling, loading
    from handgrad.training.run import resume

    with loading(quiet=quiet) as progress:
        return resume(
            folder,
            epochs=epochs,
            workers=workers,
            progress=progress,
            announce=Compiling(stop.check, quiet=quiet),
            force=force,
        )


def _refuse_beside_resume(given: dict[str, Any]) -> None:
    others = sorted(given.keys() - ALLOWED_WITH_RESUME)
    if others:
        name = {"model": "a model", "settings": "--set"}.get(
            others[0], f"--{others[0].replace('_', '-')}"
        )
        raise ConfigError(
            "handgrad train --resume uses the settings of the run itself, got "
            f"{name} as well. Remove it, or start a new run with --start-from instead "
            "of --resume."
        )


def _check_workers(workers: int | None, engine: str | None) -> None:
    if workers is None:
        return
    if workers < 1:
        raise ConfigError(
            f"--workers takes an integer of at least 1, got {workers}. Give 1 or more."
        )
    if engine == "plain":
        raise ConfigError(
            "--workers needs --engine cpu, got --engine plain. Remove one of them."
        )
