"""Trials: one setting and one seed each, with a key made from all their settings."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from handgrad.datasets.sources import source_of
from handgrad.errors import ConfigError
from handgrad.studies.experiment import TABLES, Experiment, Size, Variant
from handgrad.studies.inspections import check_inspection, needed_data, with_defaults
from handgrad.training.config import RunConfig, config_from
from handgrad.training.configure import check_parts
from handgrad.training.prediction_settings import PredictionConfig

KEY_LENGTH = 16  # hex digits: 64 bits, so that keys do not collide


def key_of(spec: Any) -> str:
    """A hash of plain values, the same on every machine."""
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:KEY_LENGTH]


@dataclass(frozen=True)
class Trial:
    """A task for one process: one setting with one seed; equal trials run once.

    `spec` holds plain values, all that determines the results and nothing else: not the
    row or the variant, so that rows may share a trial, and not where the data is
    stored. `data` in it is the SHA-256 of data other than the original, see `contents`.
    """

    spec: dict[str, Any]

    @property
    def key(self) -> str:
        """The trial's identity: a hash of `spec`."""
        return key_of(self.spec)

    @property
    def kind(self) -> str:
        """`training` or `inspection`."""
        return str(self.spec["kind"])

    @property
    def seed(self) -> int:
        """The seed of everything random in it."""
        return int(self.spec["seed"])

    @property
    def tables(self) -> dict[str, Any]:
        """The tables of its run, with the seed; of a training only."""
        return {**self.spec["config"], "seed": self.seed}

    @property
    def epochs(self) -> int:
        """The amount of work, in epochs; an inspection counts as one."""
        if self.kind == "inspection":
            return 1
        return int(self.spec["config"]["training"]["epochs"])

    @property
    def dataset(self) -> str | None:
        """The data set that it needs, if any."""
        if self.kind == "inspection":
            return needed_data(self.spec["options"])
        return str(self.spec["config"]["dataset"]["name"])


@dataclass(frozen=True)
class Cell:
    """The place of a trial in a study.

    `row` is the experiment's name, `variant` the setting within it, `trial` the task
    itself, with its seed.
    """

    row: str
    variant: str
    trial: Trial

    def __str__(self) -> str:
        variant = "" if self.variant == "main" else f" {self.variant}"
        return f"{self.row}{variant}, seed {self.trial.seed}"


def cells_of(row: str, experiment: Experiment, size: Size, source: str) -> list[Cell]:
    """Every cell of a row in that size, variant after variant."""
    seeds = experiment.seeds_of(size)
    return [
        Cell(row, variant.name, trial)
        for variant in experiment.variants_of(size)
        for trial in trials_of(experiment, variant, size, seeds, source)
    ]


def trials_of(
    experiment: Experiment,
    variant: Variant,
    size: Size,
    seeds: Sequence[int],
    source: str,
) -> list[Trial]:
    """The trials of a variant, which differ only in their seed; checked once."""
    first = trial_of(experiment, variant, size, seeds[0], source)
    return [first, *(Trial({**first.spec, "seed": seed}) for seed in seeds[1:])]


def trial_of(
    experiment: Experiment, variant: Variant, size: Size, seed: int, source: str
) -> Trial:
    """The trial of a cell, after checking every name and option."""
    who = f"{source}, {variant.name}" if variant.name != "main" else source
    if experiment.kind == "inspection":
        return _inspection(experiment, variant, size, seed, who)
    if "dataset.data_dir" in settings_of(experiment, variant, size):
        raise ConfigError(
            f"{who} sets dataset.data_dir, but all trials of a study search one "
            "folder. Give it in [dataset], or with --data-dir."
        )
    config = config_from(tables_of(experiment, variant, size, seed), who)
    check_config(config, who)
    dump = config.model_dump(mode="json", exclude={"resolved", "seed", "start"})
    dump["dataset"].pop("data_dir")
    if config.dataset.label_from is None:
        dump["dataset"].pop("label_from")  # older ledgers stay valid
    dump["training"].pop("checkpoint_seconds")
    dump["training"].pop("on_failed_save")
    if config.prediction == PredictionConfig():
        dump.pop("prediction")  # ledgers from before this table stay valid
    if config.loss.class_weight is None:
        dump["loss"].pop("class_weight")  # the same for this key
    for name in ("allow_empty_classes", "skip_bad"):
        if not dump["dataset"][name]:
            dump["dataset"].pop(name)
    is_open = "validation" not in config.dataset.model_fields_set
    if is_open and source_of(config.dataset.name) is None:
        dump["dataset"].pop("validation")  # images may have their own split
    return Trial(
        {"kind": "training", "seed": seed, "test": experiment.test, "config": dump}
    )


def tables_of(
    experiment: Experiment, variant: Variant, size: Size, seed: int
) -> dict[str, Any]:
    """The tables of a run: the base, then the size's, then the variant's settings."""
    tables: dict[str, Any] = {name: dict(getattr(experiment, name)) for name in TABLES}
    tables = {name: table for name, table in tables.items() if table}
    tables |= {"seed": seed, "engine": experiment.engine, "isa": experiment.isa}
    return _with_settings(
        tables, settings_of(experiment, variant, size), f"The variant {variant.name}"
    )


def settings_of(experiment: Experiment, variant: Variant, size: Size) -> dict[str, Any]:
    """The dotted settings of a cell, later ones override earlier ones."""
    of_size = variant.quick if size == "quick" else variant.full
    return {**experiment.size(size).set, **variant.set, **of_size}


def check_config(config: RunConfig, who: str) -> None:
    """ConfigError for the first name or option that is not in the catalogue."""
    try:
        check_parts(config)
    except ConfigError as error:
        raise ConfigError(f"{who}: {error}") from error


def _inspection(
    experiment: Experiment, variant: Variant, size: Size, seed: int, who: str
) -> Trial:
    tables: dict[str, Any] = {"inspection": dict(experiment.inspection)}
    tables = _with_settings(tables, settings_of(experiment, variant, size), who)
    used = [name for name in tables if name != "inspection"]
    used += [name for name in TABLES if getattr(experiment, name)]
    if used:
        raise ConfigError(
            f"{who}: an inspection has one table, [inspection], got {used[0]} as well. "
            "Remove it."
        )
    options = tables["inspection"]
    name = options.pop("name", "")
    try:
        check_inspection(name, options)
    except ConfigError as error:
        raise ConfigError(f"{who}: {error}") from error
    options = with_defaults(name, options)
    return Trial({"kind": "inspection", "seed": seed, "name": name, "options": options})


def _with_settings(
    tables: Mapping[str, Any], settings: Mapping[str, Any], who: str
) -> dict[str, Any]:
    """Apply dotted settings to a copy of the tables."""
    made = dict(tables)
    for dotted, value in settings.items():
        *path, key = dotted.split(".")
        inner = made
        for name in path:
            if not isinstance(inner.get(name, {}), Mapping):
                raise ConfigError(
                    f"{who} sets {dotted}, but {name} is a value, not a table. "
                    "Use another key."
                )
            inner[name] = dict(inner.get(name, {}))
            inner = inner[name]
        inner[key] = value
    return made


def unique(cells: Iterable[Cell]) -> dict[str, Cell]:
    """The first cell of each distinct trial, by its key."""
    first: dict[str, Cell] = {}
    for cell in cells:
        first.setdefault(cell.trial.key, cell)
    return first
