"""A metric of a variant over its seeds: mean, spread, count."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from handgrad.studies.claims import Term
from handgrad.studies.ledger import DIVERGED, DONE, Outcome
from handgrad.studies.trials import Cell


@dataclass(frozen=True)
class Summary:
    """The values of all seeds; if there are none, `why` says the reason.

    `spread` is the sample standard deviation, None for a single seed.
    """

    values: tuple[float, ...] = ()
    why: str = ""

    @property
    def mean(self) -> float:
        """The mean over seeds."""
        return mean(self.values)

    @property
    def spread(self) -> float | None:
        """The standard deviation over seeds."""
        return spread_of(self.values)

    def __bool__(self) -> bool:
        return bool(self.values)


def spread_of(values: Sequence[float]) -> float | None:
    """The sample standard deviation; None for a single value."""
    return stdev(values) if len(values) > 1 else None


def metric_of(metric: str, outcome: Outcome) -> float | None:
    """The value of a metric at the end of a trial; None if it has none.

    `diverged` is 1 for a trial that ended with NaN or infinity, 0 for one that is done.
    """
    if metric == "diverged" and outcome["status"] in (DONE, DIVERGED):
        return float(outcome["status"] == DIVERGED)
    value = outcome["metrics"].get(metric)
    return None if value is None else float(value)


def summarize(
    term: Term, cells: Iterable[Cell], outcomes: dict[str, Outcome]
) -> Summary:
    """A metric over the seeds of a variant; empty unless all seeds have it."""
    keys = [c.trial.key for c in cells if term.variant in ("", c.variant)]
    if not keys:
        return Summary(why="not part of this size")
    values = []
    for key in keys:
        value = _value(term, outcomes.get(key))
        if isinstance(value, str):
            return Summary(why=value)
        values.append(value)
    return Summary(tuple(values))


def _value(term: Term, outcome: Outcome | None) -> float | str:
    """The number, or why there is none."""
    if outcome is None:
        return "not run"
    value = metric_of(term.metric, outcome) if term.epoch is None else None
    if value is not None:
        return value
    if outcome["status"] != DONE:
        return f"{outcome['status']}: {outcome['reason']}"
    if term.epoch is None:
        return f"there is no metric {term.metric}"
    curve = outcome.get("curves", {}).get(term.metric, [])
    if term.epoch > len(curve):
        return f"{term.metric} has {len(curve)} epochs, not {term.epoch}"
    return float(curve[term.epoch - 1])
