"""The configuration of a run: everything that decides its numbers, as TOML.

Unknown keys are refused with the nearest known one. Names of models, losses and the
like mean entries of `handgrad.catalog`; nothing is imported or evaluated.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from handgrad.errors import ConfigError, unknown_name

Validation = float | int | Literal["test", "none"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class _Named(_Table):
    """A table with a name from the catalogue; its other keys are that entry's options."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())
    name: str

    @property
    def options(self) -> dict[str, Any]:
        """All keys but the name."""
        return dict(self.model_extra or {})


class DatasetConfig(_Table):
    """Which images, and how they are cut and normalised.

    `validation` is a fraction or a count of the training images, "test" for the test
    images themselves (as some reports do), or "none".
    """

    name: str = "digits"
    data_dir: str | None = None
    validation: Validation = 0.1
    train_count: int | None = Field(default=None, ge=1)
    image_size: tuple[int, int] | None = None
    normalization: Literal["unit", "half", "standard"] = "unit"
    augmentation: tuple[_Named, ...] = ()


class ModelConfig(_Named):
    """A model of the catalogue and its options."""

    name: str = "lenet"


class LossConfig(_Named):
    """A loss of the catalogue, and the L2 term beside it: factor * l2 * squares."""

    name: str = "softmax_cross_entropy"
    l2: float = Field(default=0.0, ge=0)
    l2_factor: float = Field(default=0.5, gt=0)


class OptimizerConfig(_Named):
    """An optimizer of the catalogue and its options."""

    name: str = "sgd"
    learning_rate: float = Field(default=0.1, gt=0)


class ScheduleConfig(_Named):
    """A schedule of the catalogue. Lengths in steps default to the whole run's."""

    name: str = "constant"
    warmup_epochs: float = Field(default=0.0, ge=0)


class TrainingConfig(_Table):
    """How long and in which portions."""

    epochs: int = Field(default=10, ge=1)
    batch_size: int = Field(default=256, ge=1)
    clip_norm: float | None = Field(default=None, gt=0)
    early_stopping: int | None = Field(default=None, ge=1)
    checkpoint_seconds: float = Field(default=60.0, gt=0)


class ResolvedConfig(_Table):
    """What followed from the data; written into a run's configuration."""

    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    dataset_sha256: str
    train_images: int
    validation_images: int


class RunConfig(_Table):
    """One run of training."""

    seed: int = Field(default=0, ge=0)
    engine: Literal["plain", "cpu"] = "cpu"
    dataset: DatasetConfig = DatasetConfig()
    model: ModelConfig = ModelConfig()
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    training: TrainingConfig = TrainingConfig()
    resolved: ResolvedConfig | None = None

    def to_toml(self) -> str:
        """The configuration as text; what is not set is left out."""
        import tomli_w

        return tomli_w.dumps(_without_none(self.model_dump(mode="json")))


def config_from(
    tables: Mapping[str, Any], source: str = "The configuration"
) -> RunConfig:
    """Check plain tables; ConfigError names the key that is wrong."""
    try:
        return RunConfig.model_validate(dict(tables))
    except ValidationError as error:
        raise _as_config_error(error, source) from error


def read_config(path: Path) -> RunConfig:
    """Read a TOML file."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}. Mend that place.") from error
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}. Give a file that is there."
        ) from error
    return config_from(tables, str(path))


def _as_config_error(error: ValidationError, source: str) -> ConfigError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        *tables, key = [str(part) for part in first["loc"]]
        known = _keys(tables)
        where = f"[{'.'.join(tables)}]" if tables else "the top"
        wrong = unknown_name(f"key of {where}", key, known)
        return ConfigError(f"{source}: {wrong}")
    message = str(first["msg"]).lower()
    given = first.get("input")
    return ConfigError(f"{source}: {place}: {message}, got {given!r}. Change it.")


def _keys(tables: list[str]) -> list[str]:
    model: Any = RunConfig
    for table in tables:
        field = model.model_fields.get(table)
        annotation = getattr(field, "annotation", None)
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return list(model.model_fields)
        model = annotation
    return list(model.model_fields)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return value
