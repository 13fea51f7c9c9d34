"""Run the trials of a sweep with the runner, ledger and processes of studies."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from handgrad.studies.backends import Backend
from handgrad.studies.contents import look
from handgrad.studies.ledger import Ledger
from handgrad.studies.runner import Event, missing, run_on, run_plan
from handgrad.studies.trials import Cell
from handgrad.sweeps.space import Choice
from handgrad.sweeps.sweep import Sweep
from handgrad.sweeps.sweep_results import settings_of
from handgrad.sweeps.values import corners, first_values

SWEEPS = Path("sweeps")


def run_sweep(
    sweep: Sweep, backend: Backend, ledger: Ledger, *, retry: bool = False
) -> Iterator[Event]:
    """Run the missing trials of a `sweep`, and yield events as they happen.

    `backend` starts the processes, `ledger` records the outcomes; with `retry`, failed
    and crashed trials run again. ConfigError for an invalid setting.
    """
    if not ledger.has_looked:
        look_at_data(sweep, ledger, backend.data_dir)
    sweep = sweep.on(ledger)
    if sweep.method != "tpe":
        yield from run_on(backend, all_cells(sweep, ledger), ledger, retry=retry)
        return
    from handgrad.sweeps.optuna_search import TreeSearch

    yield from run_plan(backend, lambda: TreeSearch(sweep, ledger, retry=retry), ledger)


def look_at_data(
    sweep: Sweep, ledger: Ledger, data_dir: Path | None = None, progress: Any = None
) -> None:
    """Record the checksums of all data sets that the settings use in the `ledger`."""
    named = [p for p in sweep.space if p.name.startswith("dataset.")]
    choices = [p.values if isinstance(p, Choice) else (p.at(0.0),) for p in named]
    names, first = [p.name for p in named], first_values(sweep)
    settings = (
        sweep.setting({**first, **dict(zip(names, values, strict=True))})
        for values in product(*choices)
    )
    trials = (sweep.cells(setting)[0].trial for setting in settings)
    look(trials, ledger, data_dir, progress)


def all_cells(sweep: Sweep, ledger: Ledger) -> list[Cell]:
    """All trials known so far, setting by setting."""
    sweep = sweep.on(ledger)
    settings = settings_of(sweep, ledger.folder)
    return [cell for setting in settings for cell in sweep.cells(setting)]


def cells_ahead(sweep: Sweep, ledger: Ledger, *, retry: bool = False) -> list[Cell]:
    """The trials left to run; for TPE, placeholders of the same number and length."""
    sweep = sweep.on(ledger)
    if sweep.method != "tpe":
        return missing(all_cells(sweep, ledger), ledger, retry=retry)
    from handgrad.sweeps.optuna_search import trials_ahead

    any_cell = sweep.cells(sweep.setting(first_values(sweep)))[0]
    return [any_cell] * trials_ahead(sweep, ledger)


def check(sweep: Sweep) -> None:
    """ConfigError for an invalid setting, before anything runs or is written.

    Checks every setting of a grid or random search; for TPE, the corners of the space.
    """
    if sweep.method == "tpe":
        from handgrad.sweeps.optuna_search import require_optuna

        require_optuna()
        settings = corners(sweep)
    else:
        settings = settings_of(sweep, Path())
    for setting in settings:
        sweep.cells(setting)
