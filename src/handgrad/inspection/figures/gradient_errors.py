"""Errors of gradient checks, side by side on a logarithmic scale."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from handgrad.inspection.figures.style import (
    BLUE,
    INK,
    TEXT_SIZE,
    new_figure,
    quiet,
    title,
)

LEAST = 1e-17  # errors below are drawn at the left edge


def gradient_errors(errors: Mapping[str, float]) -> Figure:
    """One dot for each name, the error from rounding alone far to the left."""
    figure = new_figure(7.6, 1.3 + 0.34 * len(errors))
    axes = figure.add_subplot()
    places, drawn = range(len(errors)), [max(e, LEAST) for e in errors.values()]
    axes.hlines(places, LEAST, drawn, color=BLUE, linewidth=2, alpha=0.35)
    axes.plot(drawn, places, "o", color=BLUE, markersize=6)
    for place, (at, error) in enumerate(zip(drawn, errors.values(), strict=True)):
        axes.annotate(
            f"{error:.1e}",
            (at, place),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            fontsize=TEXT_SIZE,
        )
    axes.set_xscale("log")
    axes.set_xlim(LEAST, max(drawn) * 1e3)
    axes.set_yticks(places, list(errors))
    axes.set_ylim(len(errors) - 0.5, -0.5)
    quiet(axes)
    axes.grid(axis="x", color="#e6e9ed")
    title(axes, "Gradients against finite differences", "relative errors, float64")
    return figure
