"""The table of results of one size of a row, and the trials without results."""

from collections.abc import Sequence
from typing import Any

from handgrad.reports.row_views import View
from handgrad.reports.text_formatting import (
    NOTHING,
    capital,
    duration_words,
    metric_words,
    variant_words,
    with_spread,
)
from handgrad.studies.claims import Term
from handgrad.studies.ledger import DONE

SHOWN = (
    "train_loss",
    "validation_loss",
    "validation_accuracy",
    "test_accuracy",
    "parameters",
)


def numbers_table(view: View) -> dict[str, Any]:
    """The final metrics of every variant, over its seeds: `heads` and `rows`.

    A row is its name and its cells, each with the name of its column. Training has few
    metrics and possibly many variants; an inspection the reverse, so its table is
    transposed.
    """
    known = dict.fromkeys(
        m for c in view.ended for m in view.outcomes[c.trial.key]["metrics"]
    )
    names = [variant_words(variant) or "All" for variant in view.variants]
    if view.experiment.kind == "inspection":
        by_metric = {
            capital(metric_words(m)): [_numbers(view, v, m) for v in view.variants]
            for m in known
        }
        return _table(["Number", *names], list(by_metric.items()))
    metrics = [m for m in SHOWN if m in known]
    by_variant = [
        (name, [*(_numbers(view, v, m) for m in metrics), _seconds(view, v)])
        for name, v in zip(names, view.variants, strict=True)
    ]
    heads = ["Variant", *(capital(metric_words(m)) for m in metrics), "Time per seed"]
    return _table(heads, by_variant)


def _table(
    heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]
) -> dict[str, Any]:
    cells = [(n, list(zip(heads[1:], row, strict=True))) for n, row in rows]
    return {"heads": heads, "rows": cells}


def _numbers(view: View, variant: str, metric: str) -> str:
    ours = view.known(Term(metric, variant))
    ended, count = view.seeds_of(variant)
    some = f" ({len(ended)} of {count} seeds)" if 0 < len(ended) < count else ""
    return f"{with_spread(ours)}{some}" if ours else ours.why


def _seconds(view: View, variant: str) -> str:
    outcomes = [view.outcomes[c.trial.key] for c in view.ended if c.variant == variant]
    times = [o["seconds"] for o in outcomes if o["status"] == DONE and o["seconds"]]
    return duration_words(sum(times) / len(times)) if times else NOTHING


def lost_trials(view: View) -> list[tuple[str, str]]:
    """The trials that ended without results, and why."""
    ended = [(cell, view.outcomes[cell.trial.key]) for cell in view.ended]
    return [
        (
            f"{variant_words(cell.variant)} seed {cell.trial.seed}".strip(),
            f"{outcome['status']}. {outcome['reason'] or ''}",
        )
        for cell, outcome in ended
        if outcome["status"] != DONE
    ]
