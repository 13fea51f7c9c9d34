"""The figures of one size of a row: learning curves, and metrics by variant."""

from collections.abc import Sequence
from typing import Any

from handgrad.reports.curves import Series, as_csv, curves_of, series_of
from handgrad.reports.figures import Figures
from handgrad.reports.lines import Mark, line_drawing
from handgrad.reports.points import Point, point_drawing
from handgrad.reports.row_views import Metric, View, metrics_of
from handgrad.reports.text_formatting import capital, counted, metric_words, number
from handgrad.studies.claims import Term
from handgrad.text import csv_of

MOST = 3  # maximum number of figures of metrics by variant
SHOWN = ("train_loss", "validation_loss", "validation_accuracy")


def size_figures(view: View, figures: Figures) -> list[dict[str, Any]]:
    """Learning curves, then metrics by variant, each with its data."""
    return [*_curves(view, figures), *_metrics(view, figures)]


def _curves(view: View, figures: Figures) -> list[dict[str, Any]]:
    curves, broken = curves_of(view.cells, view.outcomes, view.ledger)
    drawn = []
    for metric in SHOWN:
        series = series_of(metric, view.cells, curves, broken)
        if not any(one.means() for one in series):
            continue
        heading = capital(metric_words(metric))
        marks = _marks(view, metric)
        drawing = line_drawing(heading, series, view.variants, marks)
        stem = f"{view.row}-{view.size}-{metric}"
        drawn.append(figures.add(stem, drawing, as_csv(series), _about(series)))
    return drawn


def _marks(view: View, metric: str) -> list[Mark]:
    """The published values on the learning curve of a metric."""
    if view.size != "full":
        return []
    last = max(cell.trial.epochs for cell in view.cells)
    return [
        Mark(p.epoch or last, p.value, f"published: {p.words or number(p.value)}")
        for p in view.experiment.published
        if p.metric == metric
    ]


def _about(series: Sequence[Series]) -> str:
    """The caption: what line and band show."""
    counts = {len(one.seeds) for one in series}
    early = sum(len(one.broken) for one in series)
    ended = f" ✕: {counted(early, 'seed')} stopped early." if early else ""
    if max(counts) == 1:
        return f"One seed: no spread.{ended}"
    said = " to ".join(map(str, sorted({min(counts), max(counts)})))
    return f"Mean of {said} seeds; the band is the range over seeds.{ended}"


def _metrics(view: View, figures: Figures) -> list[dict[str, Any]]:
    """A figure for each relevant metric, if there are variants to compare."""
    if len(view.variants) < 2:
        return []
    drawn: list[dict[str, Any]] = []
    for metric, epoch in metrics_of(view):
        points = _points(view, (metric, epoch))
        if len(drawn) == MOST or not _says_something(points):
            continue
        heading = capital(metric_words(metric, epoch))
        stem = f"{view.row}-{view.size}-{metric}-by-variant"
        if epoch is not None:
            stem = f"{stem}-epoch-{epoch}"
        drawing = point_drawing(heading, points, view.variants)
        about = _about_points(points)
        drawn.append(figures.add(stem, drawing, _points_csv(points), about))
    return drawn


def _says_something(points: Sequence[Point]) -> bool:
    """Whether variants differ, or there is a published value to compare with."""
    means = {point.ours.mean for point in points if point.ours}
    is_published = any(point.published is not None for point in points)
    return len(means) > 1 or (is_published and len(means) == 1)


def _points(view: View, metric: Metric) -> list[Point]:
    published = view.published(metric)
    points = []
    for variant in view.variants:
        ours = view.known(Term(metric[0], variant, metric[1]))
        theirs = published.get(variant)
        value = theirs.value if theirs else None
        points.append(Point(variant, ours, value))
    return points


def _about_points(points: Sequence[Point]) -> str:
    counts = {len(point.ours.values) for point in points if point.ours}
    is_published = any(point.published is not None for point in points)
    published = " ◇: published." if is_published else ""
    if counts == {1}:
        return f"One seed: no spread.{published}"
    said = "Large dot: mean. Small dots: seeds. ±: standard deviation over seeds."
    return f"{said}{published}"


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
