"""The results of a sweep as plain values: ranked settings, and which differ."""

from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from handgrad.studies.contents import changes_of_data, on_other_data
from handgrad.studies.instruction_sets import instruction_sets
from handgrad.studies.ledger import DONE, Ledger, Outcome
from handgrad.studies.study_summary import metric_of, spread_of
from handgrad.sweeps.comparison import compare, in_words
from handgrad.sweeps.grid_search import grid
from handgrad.sweeps.importance import importance
from handgrad.sweeps.random_search import drawn
from handgrad.sweeps.space import Setting, short_names
from handgrad.sweeps.sweep import TRIALS, Sweep
from handgrad.text import number_of

NOT_RUN = "not run"


@dataclass(frozen=True)
class Tried:
    """A setting with the outcomes of its seeds, in their order; None if not run.

    `by_seed` holds the metric of each seed, None for one without.
    """

    setting: Setting
    outcomes: tuple[Outcome | None, ...]
    by_seed: tuple[float | None, ...]

    @property
    def values(self) -> tuple[float, ...]:
        """The metric, of the seeds that have one."""
        return tuple(value for value in self.by_seed if value is not None)

    @property
    def is_whole(self) -> bool:
        """Whether every seed has a number."""
        return len(self.values) == len(self.outcomes)

    @property
    def mean(self) -> float:
        """The mean over the seeds that have a number."""
        return mean(self.values)

    @property
    def spread(self) -> float | None:
        """The standard deviation over seeds."""
        return spread_of(self.values)

    @property
    def status(self) -> str:
        """The status of the setting: that of its worst seed."""
        return self.why_not.partition(":")[0] or DONE

    @property
    def why_not(self) -> str:
        """Why a seed has no number; '' if all have."""
        if self.is_whole:
            return ""
        for outcome in self.outcomes:
            if outcome is not None and outcome["status"] != DONE:
                return f"{outcome['status']}: {outcome['reason']}"
        return NOT_RUN


def settings_of(sweep: Sweep, folder: Path) -> list[Setting]:
    """The settings of the sweep; of TPE, those proposed so far."""
    if sweep.method == "grid":
        return grid(sweep)
    if sweep.method == "random":
        return drawn(sweep)
    from handgrad.sweeps.optuna_search import settings_tried

    return settings_tried(sweep, folder)


def tried(sweep: Sweep, ledger: Ledger) -> list[Tried]:
    """Every setting with its outcomes: the best first, the incomplete ones last."""
    known, sweep, found = ledger.outcomes(), sweep.on(ledger), []
    for setting in settings_of(sweep, ledger.folder):
        cells = sweep.cells(setting)
        outcomes = tuple(known.get(cell.trial.key) for cell in cells)
        numbers = tuple(metric_of(sweep.metric, o) if o else None for o in outcomes)
        found.append(Tried(setting, outcomes, numbers))
    whole = [one for one in found if one.is_whole]
    whole.sort(key=lambda one: -sweep.sign * one.mean)
    return whole + [one for one in found if not one.is_whole]


def results_of(sweep: Sweep, ledger: Ledger) -> dict[str, Any]:
    """All results of a `sweep` so far, as plain values.

    `ledger` holds the outcomes of its trials; IntegrityError for one that is damaged.
    """
    found = tried(sweep, ledger)
    whole = [one for one in found if one.is_whole]
    return {
        "sweep": sweep.name,
        "question": sweep.question,
        "method": sweep.method,
        "pruning": sweep.pruning,
        "metric": sweep.metric,
        "direction": sweep.direction,
        "seeds": list(sweep.seeds),
        "unread_data": ledger.unread_data,
        "other_data": on_other_data(ledger),
        "changes_of_data": changes_of_data(ledger),
        "instruction_sets": instruction_sets(o for t in found for o in t.outcomes if o),
        "parameters": short_names(p.name for p in sweep.space),
        "settings": [_row(one, whole) for one in found],
        "exhausted": exhausted(sweep, ledger, len(found)),
        "verdict": verdict(whole),
        "as_good": [one.setting.name for one in whole if _is_as_good(one, whole[0])],
        "tested": _tested(whole[0]) if whole else None,
        "importance": importance(
            sweep.space,
            [one.setting.values for one in whole],
            [one.mean for one in whole],
        ),
        "seconds": sum(o["seconds"] or 0.0 for one in found for o in one.outcomes if o),
    }


def exhausted(sweep: Sweep, ledger: Ledger, settings: int) -> str:
    """A sentence if a search has found fewer `settings` than asked for; else ''."""
    wanted = sweep.trials or TRIALS
    if sweep.method == "grid" or settings >= wanted:
        return ""
    if sweep.method == "tpe":
        from handgrad.sweeps.optuna_search import trials_ahead

        if trials_ahead(sweep, ledger):
            return ""
    different = number_of(settings, "different setting")
    were = "was" if settings == 1 else "were"
    return f"Only {different} {were} found in the search space, of {wanted:,} trials."


def verdict(whole: list[Tried]) -> str:
    """The comparison of the two best settings, in one sentence."""
    if len(whole) < 2:
        count = "only 1 setting is" if whole else "no setting is"
        return f"Nothing to compare: {count} complete."
    first, second = whole[:2]
    found = compare(first.values, second.values)
    return in_words(first.setting.name, second.setting.name, found)


def _is_as_good(one: Tried, best: Tried) -> bool:
    return one is best or not compare(best.values, one.values).is_told


def _row(one: Tried, whole: list[Tried]) -> dict[str, Any]:
    """A setting with its numbers, and its comparison with the best one."""
    row = {
        "name": one.setting.name,
        "values": one.setting.values,
        "by_seed": list(one.by_seed),
        "mean": one.mean if one.values else None,
        "spread": one.spread,
        "status": one.status,
        "why_not": one.why_not,
        "against_best": None,
    }
    if one.is_whole and one is not whole[0]:
        found = compare(whole[0].values, one.values)
        row["against_best"] = {
            "difference": found.difference,
            "low": found.low,
            "high": found.high,
            "is_told": found.is_told,
        }
    return row


def _tested(best: Tried) -> dict[str, Any] | None:
    """The test accuracy of the best setting, which was not used for selection.

    None unless all its seeds have one.
    """
    numbers = [metric_of("test_accuracy", o) for o in best.outcomes if o]
    values = [value for value in numbers if value is not None]
    if len(values) < len(best.outcomes):
        return None
    return {"mean": mean(values), "spread": spread_of(values), "by_seed": values}
