"""What the file of an outcome must hold, and what its numbers must agree with.

trial          its key is the name of the file
status         either done, or with a reason and without metrics
metrics        the ends, the lowest and the highest values are those of its curves,
               and what counts mistakes agrees with its confusion matrix
curves         a number for each epoch
seconds, environment
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import isclose
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from handgrad.studies.trials import key_of
from handgrad.training.early_stopping import best_epoch
from handgrad.training.table import RULES, Whole

MOST_NUMBER = 1e100  # beyond float32 by far, and its square is a float64
CLOSE = 1e-9  # sums of other Python versions differ in the last digits

Number = Annotated[float, Field(ge=-MOST_NUMBER, le=MOST_NUMBER)]
Count = Annotated[int, Field(ge=0)]
Duration = Annotated[float, Field(ge=0, le=MOST_NUMBER)]


class _Table(BaseModel):
    """What is read of a table; other versions may write more."""

    model_config = RULES | ConfigDict(extra="ignore")


class _Named(_Table):
    name: str


class _Dataset(_Named):
    train_count: Whole | None
    validation: Number | str | None = None  # pictures may bring their own
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
    """What cannot be in the outcome of the trial of that key; empty if all is right."""
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
            return f"status: {found.status}, so it has a reason and no metrics"
        return ""
    if found.trial.kind == "training" and not found.metrics.get("epochs", 0) >= 1:
        return "metrics.epochs: a trial that is done has one epoch or more"
    metrics = found.metrics
    return _contradiction(metrics, numbers_of(found.curves), "curve") or _contradiction(
        metrics, mistakes_of(found.confusion or []), "confusion matrix"
    )


def _contradiction(
    metrics: Mapping[str, float], made: Mapping[str, float], source: str
) -> str:
    """The first metric that differs from what was made of its source."""
    for name, expected in made.items():
        given = metrics.get(name, expected)
        if not isclose(given, expected, rel_tol=CLOSE, abs_tol=CLOSE):
            return f"metrics.{name}: {given}, but its {source} gives {expected}"
    return ""


def mistakes_of(confusion: list[list[int]]) -> dict[str, float]:
    """What a confusion matrix says of the test images as a whole."""
    total = sum(map(sum, confusion))
    right = sum(row[k] for k, row in enumerate(confusion) if k < len(row))
    if not total:
        return {}
    return {"test_accuracy": right / total, "test_mistakes": float(total - right)}


def numbers_of(curves: Mapping[str, list[float]]) -> dict[str, float]:
    """Ends and best values of the curves, and how much the losses went up again."""
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
    """How much each value lies above the one before, where it does."""
    for before, after in pairwise(values):
        yield max(after - before, 0.0)


def difference(one: Any, other: Any, place: str = "") -> str:
    """The first place at which plain values differ, and what stands there in each."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            inner = f"{place}.{key}" if place else str(key)
            if key not in one or key not in other:
                return f"{inner} is in one of them only"
            if found := difference(one[key], other[key], inner):
                return found
        return ""
    return "" if one == other else f"{place} is {_short(one)} and {_short(other)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
