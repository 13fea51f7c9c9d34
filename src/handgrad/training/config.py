"""The configuration of a run as TOML: everything that determines its results.

The error for an unknown key suggests the nearest known one. Names of models, losses and
so on are those of `handgrad.catalog`; nothing is imported or evaluated.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)

from handgrad import catalog
from handgrad.augmentation.presets import expanded
from handgrad.datasets.image_fit import BEFORE, USUAL, Fit
from handgrad.datasets.sources import NAMES as DATASETS
from handgrad.errors import ConfigError, unknown_name
from handgrad.parsing import read_toml
from handgrad.paths import path_of
from handgrad.ranges import LARGEST, shown
from handgrad.starting_points import with_start
from handgrad.training.file_kinds import check_command
from handgrad.training.prediction_settings import PredictionConfig
from handgrad.training.resolved_config import ResolvedConfig
from handgrad.training.schedule_config import ScheduleConfig
from handgrad.training.settings_table import (
    NamedTable,
    Positive,
    Real,
    Table,
    Whole,
    spelled,
    written,
)
from handgrad.training.table_keys import home_of, keys_of, table_of

Validation = float | int | Literal["test", "none", "folder"]
Size = Annotated[tuple[Whole, Whole], Field(strict=False)]  # TOML has lists, no tuples


class _Augmentation(NamedTable):
    name: Annotated[str, spelled(catalog.AUGMENTATIONS)]


# TOML has lists, no tuples; a preset stands for its rows
Rows = Annotated[
    tuple[_Augmentation, ...], Field(strict=False), BeforeValidator(expanded)
]


class DatasetConfig(Table):
    """The data set, its splits, image size, normalization and augmentation.

    `validation` is a fraction or a count of the training images, "test" for the test
    images themselves (as some reports do), "folder" for the data set's own
    validation images, or "none". The default is "folder" if the data set has some.
    `label_from`, `fit`, `allow_empty_classes` and `skip_bad` are those of
    `datasets.load`; `fit` is "crop" by default.
    """

    LATER = frozenset({"fit"})

    name: Annotated[str, spelled(DATASETS), AfterValidator(written)] = "digits"
    label_from: str | None = None
    data_dir: Annotated[str, AfterValidator(written)] | None = None
    validation: Validation = 0.1
    train_count: Whole | None = None
    image_size: Size | None = None
    fit: Fit | None = None
    allow_empty_classes: bool = False
    skip_bad: bool = False
    normalization: Literal["unit", "half", "standard"] = "unit"
    augmentation: Rows = ()


class ModelConfig(NamedTable):
    """A model of the catalogue and its options."""

    name: Annotated[str, spelled(catalog.MODELS)] = "lenet"


class LossConfig(NamedTable):
    """A loss of the catalogue and an L2 penalty, l2_factor * l2 * sum(weight**2).

    `class_weight = "balanced"` gives each class of the training images the same total
    weight; a table maps class names to weights; "none" disables them.
    """

    name: Annotated[str, spelled(catalog.LOSSES)] = "softmax_cross_entropy"
    l2: Real = 0.0
    l2_factor: Positive = 0.5
    class_weight: Literal["balanced"] | dict[str, float] | None = None


class OptimizerConfig(NamedTable):
    """An optimizer of the catalogue and its options.

    A name may imply options: "momentum" is "sgd" with learning rate 0.02, momentum 0.9.
    """

    name: Annotated[str, spelled(catalog.OPTIMIZERS)] = "sgd"
    learning_rate: Positive = 0.1

    @model_validator(mode="before")
    @classmethod
    def _with_start(cls, table: Any) -> Any:
        is_named = isinstance(table, dict) and "name" in table
        return with_start(table) if is_named else table


class TrainingConfig(Table):
    """Length of training, batch size, gradient clipping and checkpoints.

    Units
        early_stopping      epochs without a lower validation loss
        average_from        epoch from which on the network is the mean of all epochs
                            since then, see `weight_average`
        checkpoint_seconds  between two checkpoints within an epoch; 0: every step

    `on_failed_save` decides what happens if a file cannot be written: the run stops, or
    it continues and tries again at the next checkpoint.
    """

    LATER = frozenset({"average_from"})

    epochs: Whole = 10
    batch_size: Whole = 256
    clip_norm: Positive | None = None
    early_stopping: Whole | None = None
    average_from: Whole | None = None
    checkpoint_seconds: Real = 60.0
    on_failed_save: Literal["stop", "continue"] = "stop"


class StartConfig(Table):
    """Initial weights, taken from another run or a saved network.

    `source` is a run or file, `sha256` the checksum of its arrays, written by the run.
    `normalization` is that of the "source" or the run's "own". `freeze` and
    `backbone_multiplier` are those of `training.freezing`.
    """

    LATER = frozenset({"freeze", "backbone_multiplier"})
    source: str
    sha256: str | None = None
    normalization: Literal["source", "own"] = "source"
    freeze: Whole | Literal["all-but-last"] | None = None
    backbone_multiplier: Positive | None = None


class RunConfig(Table):
    """The configuration of a run: everything that determines its results.

    Each field except the first three and `resolved` is a table of the TOML file;
    unknown keys are errors. `config_from` and `read_config` raise ConfigError for an
    invalid table; the constructor raises a pydantic ValidationError.

    Units
        seed        of all random numbers, from 0 to 2**63 - 1
        engine      "cpu" or "plain"
        isa         instruction set to use; None: the processor's largest
        dataset     name, folder, validation, image size, normalization, augmentation
        model       name of a network and its options
        loss        name of a loss and its options, L2 term and class weights
        optimizer   name, learning_rate and options
        schedule    name, warmup_epochs and options; lengths in steps
        training    epochs, batch_size, clip_norm, early_stopping, checkpoints
        prediction  see `PredictionConfig`; settings of inference
        start       source of the initial weights; None: random, from the seed
        resolved    values derived from the data; filled in when the run starts

    Example
        config = config_from({"dataset": {"name": "digits"}, "training": {"epochs": 3}})
    """

    seed: int = Field(default=0, ge=0, lt=2**63)
    LATER = frozenset({"isa"})
    engine: Literal["plain", "cpu"] = "cpu"
    isa: Literal["avx2", "avx512", "amx", "amx-bf16"] | None = None
    dataset: DatasetConfig = DatasetConfig()
    model: ModelConfig = ModelConfig()
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    training: TrainingConfig = TrainingConfig()
    prediction: PredictionConfig = PredictionConfig()
    start: StartConfig | None = None
    resolved: ResolvedConfig | None = None

    @property
    def fit(self) -> Fit:
        """How images of another shape get the network's size, see `datasets.load`."""
        if self.resolved is not None:
            return self.resolved.fit or BEFORE
        return self.dataset.fit or USUAL

    def to_toml(self) -> str:
        """Return the configuration as TOML; values that are None are left out."""
        import tomli_w

        return tomli_w.dumps(_without_none(self.model_dump(mode="json")))


def config_from(
    tables: Mapping[str, Any], source: str = "The configuration"
) -> RunConfig:
    """Build a configuration from plain tables.

    `tables` maps the names of tables to their keys and values; `source` begins the
    error message. ConfigError names the key that is unknown or invalid.
    """
    if not isinstance(tables, Mapping):
        raise ConfigError(
            f"{source} must be a table of settings, got {shown(tables)}. Pass a "
            'mapping, such as {"model": {"name": "lenet"}}.'
        )
    try:
        return RunConfig.model_validate(dict(tables))
    except ValidationError as error:
        raise _as_config_error(error, source) from error


def read_config(path: Path) -> RunConfig:
    """Read a configuration from the TOML file at `path`.

    ConfigError for a file that is missing or not TOML, and for an invalid key.
    """
    place = path_of("read_config", "path", path)
    tables = read_toml(place)
    check_command("train", tables, str(path))
    return config_from(tables, str(path))


def _as_config_error(error: ValidationError, source: str) -> ConfigError:
    """Report the first error; for an unknown key, suggest the nearest known one."""
    first = error.errors()[0]
    *tables, key = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        where = f"[{'.'.join(tables)}]" if tables else "the top"
        unknown = unknown_name(f"key of {where}", key, keys_of(RunConfig, tables))
        home = home_of(RunConfig, key, tables)
        return ConfigError(f"{source}: {unknown}{home}")
    if first["type"] == "value_error":  # a complete sentence of our own
        place = _place(first["loc"])
        return ConfigError(f"{source}: {place}: {first['ctx']['error']}")
    wrong = first["msg"][:1].lower() + first["msg"][1:]
    if first["type"] == "less_than_equal" and first["ctx"]["le"] == LARGEST:
        wrong = f"input should be at most {LARGEST:g}"
    return ConfigError(
        f"{source}: {_place(first['loc'])}: {wrong}, got {shown(first.get('input'))}."
    )


def _place(location: tuple[int | str, ...]) -> str:
    """Return the dotted name of a value, such as training.epochs."""
    fields: Any = RunConfig
    names = []
    for part in location:
        names.append(str(part))
        known = getattr(fields, "model_fields", {})
        if part not in known:
            break  # pydantic appends the type that it tried
        fields = table_of(known[part].annotation)
    if len(names) > 1 and names[-1] not in keys_of(RunConfig, names[:-1]):
        is_option = isinstance(location[len(names) - 1], int) or "augmentation" in names
        names = names if is_option else names[:-1]
    return ".".join(names)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return value
