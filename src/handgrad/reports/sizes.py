"""One size of a row: its curves, its metrics by variant, and the numbers behind."""

from collections.abc import Sequence
from dataclasses import dataclass

from handgrad.reports.axes import HEIGHT
from handgrad.reports.curves import Series, as_csv, csv_of, curves_of, series_of
from handgrad.reports.figures import Figures
from handgrad.reports.legend import as_list
from handgrad.reports.lines import Mark, line_figure
from handgrad.reports.markup import Markup, element
from handgrad.reports.points import Point, height_of, point_figure
from handgrad.reports.tables import table, th
from handgrad.reports.words import (
    NOTHING,
    capital,
    counted,
    duration_words,
    metric_words,
    number,
    variant_words,
    with_spread,
)
from handgrad.studies.claims import Term
from handgrad.studies.experiment import Experiment, Published, Size
from handgrad.studies.ledger import DONE, Ledger, Outcome
from handgrad.studies.summary import summarize
from handgrad.studies.trials import Cell

SHOWN = ("train_loss", "validation_loss", "validation_accuracy")
USUAL = ("test_accuracy", "validation_accuracy", "validation_loss")
MOST = 3  # metrics by variant: more would say less

Metric = tuple[str, int | None]  # its name, and the epoch of a curve


@dataclass(frozen=True)
class View:
    """One size of a row, and all that was run of it."""

    row: str
    size: Size
    experiment: Experiment
    cells: list[Cell]
    outcomes: dict[str, Outcome]
    ledger: Ledger

    @property
    def variants(self) -> list[str]:
        """The variants of this size, in order."""
        return list(dict.fromkeys(cell.variant for cell in self.cells))

    @property
    def ended(self) -> list[Cell]:
        """The cells whose trial has ended."""
        return [cell for cell in self.cells if cell.trial.key in self.outcomes]

    def published(self, metric: Metric) -> dict[str, Published]:
        """What was published of a metric, by variant; only of the full size."""
        if self.size != "full":
            return {}
        rows = [p for p in self.experiment.published if (p.metric, p.epoch) == metric]
        return {p.variant or self.variants[0]: p for p in rows}


def size_figures(view: View, figures: Figures) -> Markup | None:
    """Curves over epochs, then metrics by variant; None if there is nothing to draw."""
    drawn = [*_curves(view, figures), *_metrics(view, figures)]
    if not drawn:
        return None
    is_marked = any('class="published"' in one for one in drawn)
    legend = as_list(view.variants, published=is_marked)
    return element("div", legend, element("div", *drawn, class_="figures"))


def _curves(view: View, figures: Figures) -> list[Markup]:
    curves, broken = curves_of(view.cells, view.outcomes, view.ledger)
    drawn = []
    for metric in SHOWN:
        series = series_of(metric, view.cells, curves, broken)
        if not any(one.means() for one in series):
            continue
        heading = capital(metric_words(metric))
        marks = _marks(view, metric)
        drawing = line_figure(heading, series, view.variants, marks)
        drawn.append(
            figures.add(
                f"{view.row}-{view.size}-{metric}",
                drawing,
                as_csv(series),
                variants=view.variants,
                caption=_about(series),
                height=HEIGHT,
            )
        )
    return drawn


def _marks(view: View, metric: str) -> list[Mark]:
    """Published numbers that stand on the curve of that metric."""
    if view.size != "full":
        return []
    last = max(cell.trial.epochs for cell in view.cells)
    return [
        Mark(p.epoch or last, p.value, f"published: {p.words or number(p.value)}")
        for p in view.experiment.published
        if p.metric == metric
    ]


def _about(series: Sequence[Series]) -> str:
    """What line and band stand for."""
    counts = {len(one.seeds) for one in series}
    early = sum(len(one.broken) for one in series)
    ended = f" ✕: {counted(early, 'seed')} ended early." if early else ""
    if max(counts) == 1:
        return f"One seed: no spread.{ended}"
    said = " to ".join(map(str, sorted({min(counts), max(counts)})))
    return f"Mean of {said} seeds; band from the lowest to the highest.{ended}"


def _metrics(view: View, figures: Figures) -> list[Markup]:
    """A figure for each metric that matters, where variants can be compared."""
    if len(view.variants) < 2:
        return []
    drawn = []
    for metric, epoch in metrics_of(view):
        points = _points(view, (metric, epoch))
        if not any(point.ours for point in points):
            continue
        heading = capital(metric_words(metric, epoch))
        stem = f"{view.row}-{view.size}-{metric}-by-variant"
        drawn.append(
            figures.add(
                stem if epoch is None else f"{stem}-epoch-{epoch}",
                point_figure(heading, points, view.variants),
                _points_csv(points),
                variants=(),
                caption=_about_points(points),
                height=height_of(points),
            )
        )
    return drawn


def metrics_of(view: View) -> list[Metric]:
    """The published metrics; without, those that the findings or all trials have."""
    found = [(p.metric, p.epoch) for p in view.experiment.published]
    if not found:
        of_size = [f for f in view.experiment.findings if view.size in f.sizes]
        found = [(t.metric, t.epoch) for f in of_size for t in f.claim.terms]
    known = {m for c in view.ended for m in view.outcomes[c.trial.key]["metrics"]}
    measured = [metric for metric in found if metric[0] in known]
    if not measured:
        usual = [name for name in USUAL if name in known]
        return [(name, None) for name in usual[:1]]
    return list(dict.fromkeys(measured))[:MOST]


def _points(view: View, metric: Metric) -> list[Point]:
    published = view.published(metric)
    points = []
    for variant in view.variants:
        ours = summarize(Term(metric[0], variant, metric[1]), view.cells, view.outcomes)
        theirs = published.get(variant)
        value = theirs.value if theirs else None
        points.append(Point(variant, ours, value))
    return points


def _about_points(points: Sequence[Point]) -> str:
    counts = {len(point.ours.values) for point in points if point.ours}
    if counts == {1}:
        return "One seed: no spread."
    return "Large: the mean. Small: each seed. After ±: their standard deviation."


def _points_csv(points: Sequence[Point]) -> str:
    most = max(len(point.ours.values) for point in points)
    heads = ["variant", "mean", "spread", "published"]
    rows: list[list[object]] = [[*heads, *(f"value {n + 1}" for n in range(most))]]
    for point in points:
        ours = point.ours
        middle = [ours.mean, ours.spread] if ours else [None, None]
        values = [*ours.values, *[None] * (most - len(ours.values))]
        rows.append([point.variant, *middle, point.published, *values])
    return csv_of([["" if v is None else v for v in row] for row in rows])


def numbers_table(view: View) -> Markup:
    """The last numbers of every variant, over its seeds."""
    known = {m for c in view.ended for m in view.outcomes[c.trial.key]["metrics"]}
    usual = [*SHOWN, "test_accuracy", "parameters"]
    training = view.experiment.kind == "training"
    metrics = [m for m in usual if m in known] if training else sorted(known)
    rows = []
    for variant in view.variants:
        summaries = [
            summarize(Term(m, variant), view.cells, view.outcomes) for m in metrics
        ]
        shown = [with_spread(one) if one else one.why for one in summaries]
        seconds = _seconds(view, variant)
        rows.append([th(variant_words(variant) or "all"), *shown, seconds])
    heads = ["Variant", *(capital(metric_words(m)) for m in metrics), "Time a seed"]
    return table(heads, rows)


def _seconds(view: View, variant: str) -> str:
    outcomes = [view.outcomes[c.trial.key] for c in view.ended if c.variant == variant]
    times = [o["seconds"] for o in outcomes if o["status"] == DONE and o["seconds"]]
    return duration_words(sum(times) / len(times)) if times else NOTHING


def lost_trials(view: View) -> Markup | None:
    """The trials that ended without numbers, and why."""
    ended = [(cell, view.outcomes[cell.trial.key]) for cell in view.ended]
    items = [
        element(
            "li",
            element(
                "strong",
                f"{variant_words(cell.variant)} seed {cell.trial.seed}".strip(),
            ),
            f": {outcome['status']}. {outcome['reason'] or ''}",
        )
        for cell, outcome in ended
        if outcome["status"] != DONE
    ]
    return element("ul", *items, class_="lost") if items else None
