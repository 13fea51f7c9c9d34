"""A sweep as data: the tables of a run, and [sweep] with search space and objective.

Unknown keys, names and options are errors that suggest the closest known one, before
anything runs. `metric` is measured on validation images: test images are never used for
selection.
"""

import json
from dataclasses import dataclass, field, replace
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from handgrad.errors import ConfigError, unknown_name
from handgrad.parsing import read_toml
from handgrad.paths import path_of
from handgrad.ranges import check_count, check_seed, shown
from handgrad.studies.contents import Contents, contents_of
from handgrad.studies.experiment import (
    CURVES,
    METRICS,
    Experiment,
    RunTables,
    Seed,
    Seeds,
    Variant,
)
from handgrad.studies.ledger import Ledger
from handgrad.studies.table_validation import check_seeds, checked
from handgrad.studies.trials import Cell, trials_of
from handgrad.sweeps.selection import check_selection
from handgrad.sweeps.space import (
    Parameter,
    Setting,
    Values,
    read_space,
    setting_of,
)
from handgrad.training.file_kinds import check_command
from handgrad.training.settings_table import RULES

Direction = Literal["maximize", "minimize"]
MOST_SETTINGS = 10_000
BEST: dict[Direction, str] = {"maximize": "highest", "minimize": "lowest"}
TRIALS = 20  # default number of settings of a random or TPE sweep
OBJECTIVES = tuple(name for name in METRICS if not name.startswith("test_"))


class SweepTable(BaseModel):
    """How to search; `seed` is that of the search, `seeds` are those of the trials."""

    model_config = RULES
    method: Literal["grid", "random", "tpe"] = "random"
    trials: Annotated[int, Field(ge=1)] | None = None
    seeds: Seeds = (0, 1, 2)
    seed: Seed = 0
    metric: str = "validation_accuracy"
    direction: Direction | None = None
    pruning: Literal["none", "median"] = "none"
    parameters: dict[str, Any] = {}


class SweepFile(RunTables):
    """One file: the tables that all trials share, and [sweep]."""

    question: str = ""
    sweep: SweepTable


@dataclass(frozen=True)
class Sweep:
    """A sweep, read from its file and checked.

    Units
        name       of the file, without its ending
        source     the file's path, for messages
        question   what the sweep is to answer
        base       settings that all trials share
        space      what is varied: `Choice` and `Range`
        method     "grid", "random" or "tpe" (tree-structured Parzen estimator)
        trials     number of settings; None: all of a grid, 20 of the other methods
        seeds      of the trials of each setting
        seed       of the search itself
        metric     what is optimized, measured on validation images
        direction  "maximize" or "minimize"
        pruning    "none" or "median": stop trials below the median of the others
        contents   what the data sets hold

    Source
        Bergstra, Bengio (2012), Random search for hyper-parameter optimization.
        Bergstra, Bardenet, Bengio, Kegl (2011), Algorithms for hyper-parameter
        optimization, section 4 (TPE).
    """

    name: str
    source: str
    question: str
    base: Experiment
    space: tuple[Parameter, ...]
    method: Literal["grid", "random", "tpe"]
    trials: int | None
    seeds: tuple[int, ...]
    seed: int
    metric: str
    direction: Direction
    pruning: Literal["none", "median"]
    contents: Contents = field(default_factory=Contents)
    _cells: dict[str, list[Cell]] = field(  # of settings that were asked for, by name
        init=False, repr=False, compare=False, default_factory=dict
    )

    @property
    def curve(self) -> str:
        """The learning curve whose last or best value is the metric; '' if none."""
        name = self.metric.removeprefix("highest_").removeprefix("lowest_")
        return name if name in CURVES else ""

    @property
    def sign(self) -> int:
        """1 if larger is better, -1 if smaller is."""
        return 1 if self.direction == "maximize" else -1

    @property
    def identity(self) -> str:
        """A hash of everything that determines the search, except its length."""
        search = (self.method, self.seeds, self.seed, self.metric, self.direction)
        parts = [self.base.model_dump(mode="json"), repr(self.space), repr(search)]
        parts += [self.pruning, *self.contents.others]
        text = json.dumps(parts, sort_keys=True)
        return sha256(text.encode()).hexdigest()[:16]

    def setting(self, values: Values) -> Setting:
        """Make the setting of these `values`, with its name."""
        return setting_of(self.space, values)

    def cells(self, setting: Setting) -> list[Cell]:
        """Trials of a `setting`, one for each seed; ConfigError if it is invalid."""
        if setting.name not in self._cells:
            variant = Variant.model_construct(  # a value may have parentheses
                name=setting.name, set=setting.values
            )
            trials = trials_of(self.base, variant, "full", self.seeds, self.source)
            made = [Cell(self.name, setting.name, trial) for trial in trials]
            self._cells[setting.name] = list(map(self.contents.cell, made))
        return list(self._cells[setting.name])

    def on(self, ledger: Ledger) -> "Sweep":
        """Return the sweep for the data that the `ledger` has last recorded."""
        return replace(self, contents=contents_of(ledger))


def read_sweep(
    path: str | Path, *, trials: int | None = None, seeds: tuple[int, ...] | None = None
) -> Sweep:
    """Read a sweep from the TOML file at `path`.

    `trials` and `seeds` override those of the file. ConfigError for an unknown key, an
    invalid value, or settings that contradict each other.
    """
    _check_given(trials, seeds)
    place = path_of("read_sweep", "path", path)
    tables = read_toml(place)
    over = {"trials": trials, "seeds": None if seeds is None else list(seeds)}
    given = {key: value for key, value in over.items() if value is not None}
    if isinstance(tables.get("sweep"), dict):
        tables["sweep"] = {**tables["sweep"], **given}
    source = str(place)
    if "sweep" not in tables:
        raise ConfigError(
            f"{source} has no table [sweep]. Add [sweep.parameters] with what to vary, "
            'such as "optimizer.learning_rate" = [0.01, 0.1]; docs/guides/sweeps.md '
            "has a whole file."
        )
    check_command("sweep", tables, source)
    file = checked(SweepFile, tables, source)
    table = file.sweep
    sweep = Sweep(
        name=place.stem,
        source=source,
        question=file.question,
        base=Experiment(
            question=file.question or place.stem,
            **{name: getattr(file, name) for name in RunTables.model_fields},
        ),
        space=read_space(table.parameters, source),
        method=table.method,
        trials=table.trials,
        seeds=table.seeds,
        seed=table.seed,
        metric=table.metric,
        direction=_direction(table, source),
        pruning=table.pruning,
    )
    _check(sweep)
    return sweep


def _check_given(trials: int | None, seeds: tuple[int, ...] | None) -> None:
    """ConfigError for numbers that override those of a file and are wrong."""
    if trials is not None:
        check_count("A sweep", "trials", trials)
    if seeds is None:
        return
    for seed in seeds:
        check_seed("A sweep", "seeds", seed)
    if len(set(seeds)) < max(1, len(seeds)):
        raise ConfigError(
            f"A sweep takes seeds as one integer or more, each once, got "
            f"{shown(seeds)}. Give some, such as 0,1,2, or omit them."
        )


def _direction(table: SweepTable, source: str) -> Direction:
    """The direction that the table gives, or that the metric's name implies."""
    metric = table.metric
    if metric.startswith("test_"):
        raise ConfigError(
            f"{source}: metric = {metric!r} would select by the test images. Use "
            f"{metric.replace('test', 'validation')!r}; the best setting is tested."
        )
    if metric not in OBJECTIVES:
        near = f"validation_{metric.lower()}"
        unknown = unknown_name("metric", metric, OBJECTIVES, near=near)
        raise ConfigError(f"{source}: {unknown}")
    implied: Direction | None = None
    if metric.endswith("_accuracy"):
        implied = "maximize"
    if metric.endswith(("_loss", "_rises")) or metric in ("seconds", "diverged"):
        implied = "minimize"
    if implied and table.direction not in (None, implied):
        raise ConfigError(
            f"{source}: the best {metric} is the {BEST[implied]} one, got direction = "
            f"{table.direction!r}. Remove it."
        )
    direction = implied or table.direction
    if direction is None:
        raise ConfigError(
            f"{source}: metric = {metric!r} does not imply a direction. Add "
            'direction = "maximize" or "minimize".'
        )
    return direction


def _check_size(sweep: Sweep) -> None:
    """ConfigError for too many settings or trials, before any is created."""
    settings = sweep.trials or TRIALS
    if sweep.method == "grid":
        settings = prod(len(parameter.points()) for parameter in sweep.space)
    if settings > MOST_SETTINGS:
        advice = "Use fewer."
        if sweep.method == "grid":
            advice = 'Remove values, or use method = "random".'
        raise ConfigError(
            f"{sweep.source}: the {sweep.method} search has {settings:,} settings; at "
            f"most {MOST_SETTINGS:,} are allowed. {advice}"
        )
    check_seeds(sweep.seeds, settings, sweep.source)


def _check(sweep: Sweep) -> None:
    """ConfigError for settings that contradict each other."""
    source = sweep.source
    validation = sweep.base.dataset.get("validation")
    check_selection(sweep.metric, validation, sweep.space, source)
    if sweep.method == "grid" and sweep.trials is not None:
        raise ConfigError(
            f"{source}: a grid tries all combinations and takes no number of trials. "
            'Remove it, or use method = "random".'
        )
    if sweep.pruning != "none":
        if sweep.method != "tpe":
            raise ConfigError(
                f'{source}: pruning = {sweep.pruning!r} needs method = "tpe", got '
                f"{sweep.method!r}. Change one of them."
            )
        if not sweep.curve:
            raise ConfigError(
                f"{source}: pruning needs a metric that is measured after each epoch, "
                f"got {sweep.metric!r}. Use validation_loss or validation_accuracy."
            )
    _check_size(sweep)
