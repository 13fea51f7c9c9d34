"""Build a trainer from a configuration: look up names, check sizes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from handgrad import catalog, datasets
from handgrad.arrays import Shape
from handgrad.augmentation import Augmentation
from handgrad.datasets import Dataset, Normalization, Split
from handgrad.datasets.data_changes import Record, record_of
from handgrad.datasets.input_scale import warn_of_split
from handgrad.datasets.inverted import brightness_of
from handgrad.datasets.sources import usual_size
from handgrad.engine.choose import make_engine
from handgrad.engine.engine import Engine
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import Sequential
from handgrad.losses import L2
from handgrad.models.user_function import MakeModel, made_by
from handgrad.optimizers import Optimizer
from handgrad.ranges import shown
from handgrad.training.build_optimizer import build_optimizer
from handgrad.training.class_weights import weighted
from handgrad.training.config import RunConfig
from handgrad.training.data_place import ARRAYS
from handgrad.training.freezing import set_multipliers
from handgrad.training.memory_check import check_engine, check_parameters
from handgrad.training.resolved_config import ResolvedConfig
from handgrad.training.settings import TrainingSettings
from handgrad.training.splitting import split_of, validation_of
from handgrad.training.start_from import (
    check_channels,
    put_into,
    source_normalization,
    source_of,
)
from handgrad.training.trainer import Trainer

OWN_MODEL = "own"  # name of a network made by a user's function


@dataclass
class Parts:
    """The parts of a run; the data set's training images are those of `train`.

    `record` is that of `datasets.data_changes`; only `rescheduling` changes `config`.
    """

    config: RunConfig
    dataset: Dataset
    train: Split
    validation: Split | None
    model: Sequential
    trainer: Trainer
    record: Record | None = None


def build(
    config: RunConfig,
    *,
    workers: int | None = None,
    progress: Any = None,
    announce: Callable[[str], None] | None = None,
    force: bool = False,
) -> Parts:
    """Load the data, and build the model and the trainer.

    ResourceError if memory is short, unless `force`; ConfigError for invalid settings.
    """
    if not isinstance(config, RunConfig):
        raise ConfigError(
            f"A run takes its settings as a RunConfig, got {shown(config)}. Build one "
            "with handgrad.training.config_from or read_config."
        )
    dataset = load_dataset(config, progress)
    record = record_of(dataset)
    made = assemble(config, dataset, workers=workers, announce=announce, force=force)
    return replace(made, record=record)


def assemble(
    config: RunConfig,
    dataset: Dataset,
    *,
    model: Sequential | None = None,
    workers: int | None = None,
    announce: Callable[[str], None] | None = None,
    force: bool = False,
) -> Parts:
    """Build the parts of a run from a data set that is already loaded.

    Without `model`, the model is built from the configuration.
    """
    train, validation = split_of(config, dataset)
    source = source_of(config)
    check_channels(source, train.image_shape)
    name, given = source_normalization(config, source)
    normalization = given or datasets.normalization(name, train.images, train.weights)
    warn_of_split(train if given else None, normalization, name, "new training inputs")
    warn_of_split(validation, normalization, name, "validation inputs")
    train = weighted(train, dataset.class_names, config.loss.class_weight)
    config = resolve(config, dataset, train, validation, normalization)
    dataset = replace(dataset, train=train)  # frees the full data set if it was split
    model = build_model(config) if model is None else set_multipliers(model, config)
    if source is not None:
        config = put_into(source, model, config)
    settings = training_settings(config)
    augmentation = build_augmentation(config, train.image_shape)
    optimizer = build_optimizer(config, -(-len(train) // settings.batch_size))
    examples = min(settings.batch_size, len(train))
    if not force:
        check_parameters(model, optimizer, train.image_shape, examples)
    loss = catalog.build("loss", config.loss.name, config.loss.options)
    engine = build_engine(
        config,
        model,
        loss,
        optimizer,
        normalization,
        batch_size=examples,
        workers=workers,
        announce=announce,
    )
    trainer = Trainer(
        engine,
        train,
        validation,
        loss=loss,
        learning_rate=optimizer.rate,
        settings=settings,
        augmentation=augmentation,
    )
    if not force:
        splits = (validation, dataset.test)
        predicted = max(0 if split is None else len(split) for split in splits)
        check_engine(engine, optimizer, train.image_shape, examples, predicted)
    return Parts(config, dataset, train, validation, model, trainer)


def training_settings(config: RunConfig) -> TrainingSettings:
    """Return the settings of the training loop."""
    own = ("epochs", "batch_size", "early_stopping", "average_from")
    return TrainingSettings(
        seed=config.seed,
        **{name: getattr(config.training, name) for name in own},
        **{f"predict_{name}": value for name, value in config.prediction},
    )


def build_augmentation(config: RunConfig, shape: Shape) -> list[Augmentation]:
    """Build the augmentations, after checking that the images are large enough."""
    rows, found = config.dataset.augmentation, []
    if rows and len(shape) != 3:
        raise ConfigError(
            f"{rows[0].name} needs images, got vectors of shape {shape}. "
            "Leave augmentation out, or give images (count, height, width)."
        )
    for row in rows:
        _, height, width = shape
        augmentation = catalog.build("augmentation", row.name, row.options)
        augmentation.check_images(height, width)
        found.append(augmentation)
    return found


def load_dataset(
    config: RunConfig, progress: Any = None, *, use_cache: bool = True
) -> Dataset:
    """Load the data set at the configured image size."""
    if config.dataset.name == ARRAYS:
        raise ConfigError(
            "The network was trained on arrays, which were not saved. Give a data set, "
            "or train with run=FOLDER to save them."
        )
    size = config.dataset.image_size
    if size is None:
        size = usual_size(config.dataset.name)
    return datasets.load(
        config.dataset.name,
        data_dir=config.dataset.data_dir or None,
        label_from=config.dataset.label_from,
        image_size=size,
        fit=config.fit,
        progress=progress,
        use_cache=use_cache,
        allow_empty_classes=config.dataset.allow_empty_classes,
        skip_bad=config.dataset.skip_bad,
    )


def resolve(
    config: RunConfig,
    dataset: Dataset,
    train: Split,
    validation: Split | None,
    normalization: Normalization,
) -> RunConfig:
    """Add to the configuration the values that follow from the data."""
    is_float = train.images.dtype == "float32"
    kept: dict[str, Any] = {
        "brightness": None if is_float else brightness_of(train),
        "bit_depth": dataset.bit_depth,
        "fit": config.fit if len(dataset.image_shape) == 3 else None,
    }
    if config.resolved is not None:
        kept |= config.resolved.kept()
    resolved = ResolvedConfig(
        input_shape=dataset.image_shape,
        class_names=dataset.class_names,
        mean=normalization.mean,
        std=normalization.std,
        dataset_sha256=dataset.checksum,
        train_images=len(train),
        validation_images=0 if validation is None else len(validation),
        input_dtype="float32" if is_float else None,
        **kept,
    )
    chosen = {"validation": validation_of(config, dataset)}
    table = config.dataset.model_copy(update=chosen)
    return config.model_copy(update={"resolved": resolved, "dataset": table})


def normalization_of(config: RunConfig) -> Normalization:
    """The normalization of a resolved configuration."""
    resolved = config.resolved
    assert resolved is not None, "the configuration is not resolved"
    return Normalization(resolved.mean, resolved.std)


def build_model(config: RunConfig, make: MakeModel | None = None) -> Sequential:
    """Build the model of a resolved configuration, with its initial values.

    `make` creates a network that is not in the catalogue.
    """
    resolved = config.resolved
    assert resolved is not None, "the configuration is not resolved"
    if make is not None:
        shape, classes = resolved.input_shape, len(resolved.class_names)
        return set_multipliers(made_by(make, shape, classes, config.seed), config)
    if config.model.name == OWN_MODEL:
        raise ConfigError(
            "The network was made by a function of yours, which a file cannot "
            "store. Pass it again: load(path, model=function), where function("
            "input_shape, classes, seed) returns the Sequential."
        )
    try:
        model: Sequential = catalog.build(
            "model",
            config.model.name,
            config.model.options,
            input_shape=resolved.input_shape,
            classes=len(resolved.class_names),
            seed=config.seed,
        )
    except ShapeError as error:
        raise _too_small(config.model.name, resolved.input_shape, error) from error
    return set_multipliers(model, config)


def _too_small(name: str, shape: Shape, error: ShapeError) -> ShapeError:
    """Reword the error for a network whose layers the user has not chosen."""
    if name == "from_layers" or len(shape) != 3:
        return error
    what = str(error).partition(". ")[0]
    return ShapeError(
        f"{name} needs larger images than {shape[1]} x {shape[2]}: {what}. Resize "
        "them: --image-size 28, in Python datasets.load(..., image_size=(28, 28))."
    )


def build_engine(
    config: RunConfig,
    model: Sequential,
    loss: Any,
    optimizer: Optimizer,
    normalization: Normalization,
    *,
    batch_size: int,
    workers: int | None = None,
    announce: Callable[[str], None] | None = None,
) -> Engine:
    """Build the engine that the configuration names."""
    assert config.resolved is not None, "the configuration is not resolved"
    return make_engine(
        config.engine,
        model,
        loss,
        optimizer,
        normalization,
        input_shape=config.resolved.input_shape,
        input_dtype=config.resolved.input_dtype or "uint8",
        batch_size=batch_size,
        seed=config.seed,
        l2=L2(config.loss.l2, config.loss.l2_factor) if config.loss.l2 else None,
        clip_norm=config.training.clip_norm,
        workers=workers,
        isa=config.isa,
        announce=announce,
    )
