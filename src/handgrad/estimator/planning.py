"""The settings of `Classifier("auto", minutes=...)`: planned for its examples."""

from collections.abc import Mapping
from typing import Any

from handgrad.auto.deadline import Deadline
from handgrad.auto.explain import lines
from handgrad.auto.facts import facts_of_arrays
from handgrad.auto.planner import Planner
from handgrad.datasets import Dataset
from handgrad.training.config import RunConfig
from handgrad.training.configure import Tables

ENTROPY = "softmax_cross_entropy"


def deadline_of(settings: Mapping[str, Any]) -> Deadline | None:
    """The clock of a fit; None unless its parameters contain minutes."""
    minutes = settings["minutes"]
    return None if minutes is None else Deadline(float(minutes))


def planned(
    settings: Mapping[str, Any], own: RunConfig, dataset: Dataset, deadline: Deadline
) -> RunConfig:
    """Plan a fit for its data set; parameters that differ from their defaults stay.

    `own` is the configuration of the parameters alone.
    """
    facts = facts_of_arrays(dataset, is_fixed=True)
    planner = Planner(facts, _given(settings, own), deadline)
    dtype = str(dataset.train.images.dtype)
    planner.measure(dtype=dtype, workers=settings["workers"])
    planner.look(dataset.train, settings["workers"])
    plan = planner.plan(planner.chosen())
    if settings["verbose"]:
        print("\n".join(lines(plan)), flush=True)
    return plan.config


def _given(settings: Mapping[str, Any], own: RunConfig) -> Tables:
    """The tables of the parameters that differ from their defaults."""
    whole = own.model_dump(mode="json", exclude_none=True)
    given = {name: whole[name] for name in ("dataset", "loss", "training")}
    given["model"] = dict(settings["model_options"] or {})
    optimizer, rate = settings["optimizer"], settings["learning_rate"]
    if optimizer != "adam":
        given["optimizer"] = whole["optimizer"]
    elif rate is not None:
        given["optimizer"] = {"learning_rate": own.optimizer.learning_rate}
    if settings["schedule"] != "constant":
        given["schedule"] = whole["schedule"]
    if settings["loss"] == ENTROPY and not settings["label_smoothing"]:
        given["loss"].pop("name")
    for name, default, table, key in PLANNED:
        if settings[name] == default:
            given[table].pop(key, None)
    if settings["validation"] is None and not settings["early_stopping"]:
        given["dataset"].pop("validation")
    given[""] = {"seed": own.seed, "engine": own.engine}
    return given


PLANNED = (  # a parameter, its default, its place in the configuration
    ("augment", (), "dataset", "augmentation"),
    ("l2", 0.0, "loss", "l2"),
    ("epochs", "auto", "training", "epochs"),
    ("batch_size", 128, "training", "batch_size"),
    ("early_stopping", False, "training", "early_stopping"),
    ("average_from", None, "training", "average_from"),
)
