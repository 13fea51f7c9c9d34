"""Estimate how long missing trials will take, from those that were run."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from handgrad import catalog
from handgrad.datasets.sources import source_of
from handgrad.errors import HandgradError
from handgrad.studies.ledger import DONE, Outcome
from handgrad.studies.trials import Cell, Trial, unique

Likeness = tuple[bool, ...]
ANY = ""  # key for any optimizer or options
Paces = dict[str, float]  # mean seconds by optimizer or options as text, and of any


@dataclass(frozen=True)
class Estimate:
    """Seconds for all missing trials; None if one resembles none that was run."""

    seconds: float | None
    trials: int


def estimate(cells: Iterable[Cell], outcomes: Mapping[str, Outcome]) -> Estimate:
    """Estimate the missing trials, each at the pace of the most similar ones."""
    missing = [c.trial for k, c in unique(cells).items() if k not in outcomes]
    known: dict[str, Paces] = {}
    total: float | None = 0.0
    for trial in missing:
        base = _all_but_the_least(trial.spec)
        if base not in known:  # thousands of trials may differ only in their optimizer
            known[base] = _paces(trial.spec, outcomes)
        seconds = _at(known[base], trial.spec)
        total = None if total is None or seconds is None else total + seconds
    return Estimate(total, len(missing))


def seconds_of(trial: Trial, outcomes: Mapping[str, Outcome]) -> float | None:
    """Estimate the seconds of a trial; None if no similar one was run on such data."""
    return _at(_paces(trial.spec, outcomes), trial.spec)


def _paces(spec: Mapping[str, Any], outcomes: Mapping[str, Outcome]) -> Paces:
    """Mean seconds of the most similar outcomes, by optimizer or options."""
    alike = [
        (like[:-1], _least(outcome["trial"]), _seconds(spec, outcome))
        for outcome in outcomes.values()
        if outcome["status"] == DONE and outcome["seconds"]
        if (like := likeness(spec, outcome["trial"])) is not None
    ]
    closest = max((like for like, _, _ in alike), default=())
    times = defaultdict(list)
    for like, least, seconds in alike:
        if like == closest:
            times[least].append(seconds)
            times[ANY].append(seconds)
    return {least: sum(values) / len(values) for least, values in times.items()}


def _at(paces: Paces, spec: Mapping[str, Any]) -> float | None:
    return paces.get(_least(spec), paces.get(ANY))


def _least(spec: Mapping[str, Any]) -> str:
    """The least important part of similarity, as text: optimizer or options."""
    config = spec.get("config", {})
    return json.dumps(spec.get("options", config.get("optimizer")), sort_keys=True)


def _all_but_the_least(spec: Mapping[str, Any]) -> str:
    """Everything else that a trial's seconds are estimated from, as text."""
    rest = {k: v for k, v in spec.items() if k not in ("seed", "options", "config")}
    config = {k: v for k, v in spec.get("config", {}).items() if k != "optimizer"}
    return json.dumps([rest, config], sort_keys=True)


def likeness(one: Mapping[str, Any], other: Mapping[str, Any]) -> Likeness | None:
    """Similarity of two trials in what takes time; None if they are not comparable.

    The most important part comes first: network, batch size, data set, optimizer.
    """
    if one["kind"] != other["kind"]:
        return None
    if one["kind"] == "inspection":
        return None if one["name"] != other["name"] else (_same(one, other, "options"),)
    first, second = one["config"], other["config"]
    is_comparable = all(
        first[t]["name"] == second[t]["name"] for t in ("dataset", "model")
    )
    if not is_comparable or first["engine"] != second["engine"]:
        return None
    if _share(one, other) is None:
        return None
    return (
        _same(first, second, "model"),
        first["training"]["batch_size"] == second["training"]["batch_size"],
        _same(first, second, "dataset"),
        _same(first, second, "optimizer"),
    )


def _same(one: Mapping[str, Any], other: Mapping[str, Any], table: str) -> bool:
    return bool(one.get(table) == other.get(table))


def _seconds(spec: Mapping[str, Any], outcome: Outcome) -> float:
    """Seconds of a trial at the pace of an outcome.

    For another network of the same kind they scale with its multiply-adds.
    """
    if spec["kind"] == "inspection":
        return float(outcome["seconds"])
    epochs = spec["config"]["training"]["epochs"]
    share = _share(spec, outcome["trial"]) or 1.0
    ours, theirs = (products_of(s["config"]) for s in (spec, outcome["trial"]))
    share *= ours / theirs if ours and theirs else 1.0
    return float(share * epochs * outcome["seconds"] / outcome["metrics"]["epochs"])


def products_of(config: Mapping[str, Any]) -> int | None:
    """Multiply-adds of the network per image.

    None for a user's own data, and for a network that this version cannot build.
    """
    dataset = config["dataset"]
    source = source_of(str(dataset["name"]))
    if source is None:
        return None
    channels, *size = source.usual_shape
    image = (channels, *(dataset.get("image_size") or size))
    model = json.dumps(config["model"], sort_keys=True)
    try:
        return _products(model, image, len(source.class_names))
    except HandgradError:
        return None


@cache
def _products(model: str, input_shape: tuple[int, ...], classes: int) -> int:
    from handgrad.inspection.summary import summary

    options = json.loads(model)
    name = options.pop("name")
    built = catalog.build(
        "model", name, options, input_shape=input_shape, classes=classes, seed=0
    )
    return summary(built, input_shape).multiply_adds


def _share(one: Mapping[str, Any], other: Mapping[str, Any]) -> float | None:
    """Ratio of the numbers of images; None if it depends on data that were not read."""
    first, second = (spec["config"]["dataset"] for spec in (one, other))
    if all(first.get(key) == second.get(key) for key in ("train_count", "validation")):
        return 1.0
    counts = images_of(first), images_of(second)
    return counts[0] / counts[1] if counts[0] and counts[1] else None


def images_of(dataset: Mapping[str, Any]) -> float | None:
    """Number of images that a trial trains on; None for a user's own data."""
    if dataset["train_count"] is not None:
        return float(dataset["train_count"])
    source = source_of(str(dataset["name"]))
    if source is None:
        return None
    validation = dataset["validation"]  # may be a split of the data set
    total, aside = (
        source.train_shape[0],
        0.0 if isinstance(validation, str) else float(validation),
    )
    return total * (1 - aside) if aside < 1 else total - aside
