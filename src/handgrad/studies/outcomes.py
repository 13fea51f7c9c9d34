"""Check that the file of an outcome is complete and consistent.

trial          its key is the name of the file
status         done, or any other with a reason and without metrics
metrics        the last, lowest and highest values are those of its curves, and
               the counts of mistakes agree with its confusion matrix
curves         one number for each epoch
seconds, environment
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import isclose
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from handgrad.studies.trials import key_of
from handgrad.training.early_stopping import best_epoch
from handgrad.training.settings_table import RULES, Whole

MOST_NUMBER = 1e100  # far beyond float32, and its square fits in float64
CLOSE = 1e-9  # sums of other Python versions differ in the last digits

Number = Annotated[float, Field(ge=-MOST_NUMBER, le=MOST_NUMBER)]
Count = Annotated[int, Field(ge=0)]
Duration = Annotated[float, Field(ge=0, le=MOST_NUMBER)]


class _Table(BaseModel):
    """The keys of a table that are read; other versions may write more."""

    model_config = RULES | ConfigDict(extra="ignore")


class _Named(_Table):
    name: str


class _Dataset(_Named):
    train_count: Whole | None
    validation: Number | str | None = None  # images may have their own split
    image_size: Annotated[list[Whole], Field(min_length=2, max_length=2)] | None = None


class _Training(_Table):
    epochs: Whole
    batch_size: Whole


class _Config(_Table):
    engine: str
    dataset: _Dataset
    model: _Named
    training: _Training


class _TrainingTrial(_Table):
    kind: Literal["training"]
    seed: int
    data: str | None = None
    config: _Config


class _Inspection(_Table):
    kind: Literal["inspection"]
    seed: int
    data: str | None = None
    name: str
    options: dict[str, Any]


class _Environment(_Table):
    handgrad: str
    python: str
    processor: str
    cores: int | None
    instruction_set: str | None = None
    libraries: dict[str, str] = {}
    blas: list[dict[str, Any]] = []


class _Outcome(_Table):
    trial: Annotated[_TrainingTrial | _Inspection, Field(discriminator="kind")]
    status: Literal["done", "diverged", "failed", "pruned", "crashed"]
    reason: str | None
    metrics: dict[str, Number]
    seconds: Duration | None
    environment: _Environment
    curves: dict[str, list[Number]] = {}
    confusion: list[list[Count]] | None = None
    dataset_sha256: str | None = None


def wrong_in(content: Any, key: str) -> str:
    """Describe the first error in the outcome for that key; empty if there is none."""
    try:
        found = _Outcome.model_validate(content)
        actual = key_of(content["trial"])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        return f"{place}: {first['msg'][:1].lower()}{first['msg'][1:]}"
    if actual != key:
        return f"it is the outcome of the trial {actual}, not of {key}"
    if found.status != "done":
        if found.metrics or found.reason is None:
            return f"status: {found.status} requires a reason and no metrics"
        return ""
    if found.trial.kind == "training" and not found.metrics.get("epochs", 0) >= 1:
        return "metrics.epochs: a trial that is done has at least one epoch"
    metrics = found.metrics
    return _contradiction(metrics, numbers_of(found.curves), "curve") or _contradiction(
        metrics, mistakes_of(found.confusion or []), "confusion matrix"
    )


def _contradiction(
    metrics: Mapping[str, float], made: Mapping[str, float], source: str
) -> str:
    """Describe the first metric that differs from its source."""
    for name, expected in made.items():
        given = metrics.get(name, expected)
        if not isclose(given, expected, rel_tol=CLOSE, abs_tol=CLOSE):
            return f"metrics.{name}: {given}, but its {source} gives {expected}"
    return ""


def mistakes_of(confusion: list[list[int]]) -> dict[str, float]:
    """Test accuracy and number of mistakes, from a confusion matrix."""
    total = sum(map(sum, confusion))
    right = sum(row[k] for k, row in enumerate(confusion) if k < len(row))
    if not total:
        return {}
    return {"test_accuracy": right / total, "test_mistakes": float(total - right)}


def numbers_of(curves: Mapping[str, list[float]]) -> dict[str, float]:
    """Last and best values of the curves, and the total increase of the losses."""
    drawn = [name for name, values in curves.items() if values]
    made = {name: curves[name][-1] for name in drawn}
    if drawn:
        made["epochs"] = float(max(len(curves[name]) for name in drawn))
    if judged := curves.get("validation_loss") or curves.get("train_loss"):
        made["best_epoch"] = float(best_epoch(judged))
    for name in drawn:
        if name.endswith("_loss"):
            made[f"lowest_{name}"] = min(curves[name])
            made[f"{name}_rises"] = sum(rises(curves[name]))
        elif name.endswith("_accuracy"):
            made[f"highest_{name}"] = max(curves[name])
    return made


def rises(values: list[float]) -> Iterator[float]:
    """Yield the increase of each value over the previous one, or 0."""
    for before, after in pairwise(values):
        yield max(after - before, 0.0)


def difference(one: Any, other: Any, place: str = "") -> str:
    """Describe the first difference between plain values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            inner = f"{place}.{key}" if place else str(key)
            if key not in one or key not in other:
                return f"{inner} is in only one of them"
            if found := difference(one[key], other[key], inner):
                return found
        return ""
    return "" if one == other else f"{place} is {_short(one)} and {_short(other)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
