"""The summary of a row in two or three sentences, generated from its numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from handgrad.reports.row_views import View, metrics_of
from handgrad.reports.text_formatting import (
    capital,
    counted,
    duration_words,
    metric_words,
    short_names,
    with_spread,
)
from handgrad.studies.claims import Term
from handgrad.studies.study_summary import Summary, summarize

VERDICTS = ("reproduced", "better", "below", "not comparable", "not run")
HOLDS = ((True, "hold"), (False, "do not hold"), (None, "not known"))


def essence(row: Mapping[str, Any], view: View) -> str:
    """The summary of a row; `view` is the size that is shown first."""
    if not view.ended:
        return f"Not run. {time_left(row['sizes'][view.size], view.size)}".strip()
    findings = row["sizes"][view.size]["findings"]
    said = [
        published_words(row["published"]) if view.size == "full" else "",
        findings_words([finding["holds"] for finding in findings]),
        *[f"Does not hold: {f['says']}." for f in findings if f["holds"] is False],
        ranking_words(view),
    ]
    return " ".join(filter(None, said))


def published_words(published: Sequence[Mapping[str, Any]]) -> str:
    """The number of published numbers with each verdict."""
    counts = Counter(row["verdict"] for row in published)
    return _of("Published numbers", [(counts[name], name) for name in VERDICTS])


def findings_words(holds: Sequence[bool | None]) -> str:
    """The number of findings that hold, do not hold, or are not known."""
    return _of("Findings", [(holds.count(value), word) for value, word in HOLDS])


def _of(what: str, counts: Sequence[tuple[int, str]]) -> str:
    """Format counts: "Findings: 2 of 3 hold, 1 not known."."""
    found = [(count, word) for count, word in counts if count]
    if not found:
        return ""
    total = sum(count for count, _ in found)
    (count, first), *others = found
    said = [f"{count} of {total} {first}", *(f"{n} {word}" for n, word in others)]
    return f"{what}: {', '.join(said)}."


def ranking_words(view: View) -> str:
    """The best and second-best variants, and whether the ranges of seeds overlap."""
    if len(view.variants) < 2:
        return ""
    for metric, epoch in metrics_of(view):
        is_loss, is_accuracy = metric.endswith("_loss"), metric.endswith("_accuracy")
        if not (is_loss or is_accuracy):
            continue
        terms = {v: Term(metric, v, epoch) for v in view.variants}
        found = {v: summarize(t, view.cells, view.outcomes) for v, t in terms.items()}
        ranked = sorted(
            ((v, ours) for v, ours in found.items() if ours),
            key=lambda pair: pair[1].mean,
            reverse=is_accuracy,
        )
        if len(ranked) > 1:
            words = metric_words(metric, epoch)
            first = f"{'Lowest' if is_loss else 'Highest'} {words}"
            return _ranked(first, ranked[:2], view)
    return ""


def _ranked(first: str, two: Sequence[tuple[str, Summary]], view: View) -> str:
    title, names = short_names(view.variants)
    (best, ours), (second, theirs) = two
    of = f"{title} " if title else ""
    words = (
        f"{first}: {of}{names[best]}, {with_spread(ours)}; "
        f"next: {names[second]}, {with_spread(theirs)}"
    )
    return f"{words}{_apart(ours, theirs)}."


def _apart(one: Summary, other: Summary) -> str:
    """Whether the ranges of two variants' seeds overlap."""
    if min(len(one.values), len(other.values)) < 2:
        return "; with one seed, this may be chance"
    overlap = max(min(one.values), min(other.values)) <= min(
        max(one.values), max(other.values)
    )
    return f"; the ranges over seeds {'overlap' if overlap else 'do not overlap'}"


def time_left(size: Mapping[str, Any], name: str) -> str:
    """The trials left in a size, and an estimate of their time."""
    left = size["estimate"]
    if not left["trials"]:
        return ""
    to_do = counted(left["trials"], "trial")
    if left["seconds"] is None:
        time = "time unknown: no similar trial was run yet"
    else:
        time = f"about {duration_words(left['seconds'])}"
    return f"{capital(name)} size: {to_do} to do, {time}."
