"""The roofline plot of a training step."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.inspection.figures.style import (
    BLUE,
    GRID,
    INK,
    MUTED,
    ORANGE,
    TEXT_SIZE,
    new_figure,
    quiet,
    title,
)
from handgrad.inspection.speed.operation_times import OperationTime, StepTimes
from handgrad.inspection.speed.peaks import Peaks

NAMED = 10  # operations labelled in the plot: the longest
SHOWN = 0.002  # smallest fraction of the step for an operation to be drawn
AREA = 1500  # area of a point for the whole step
GIGA = 1e9
NARROWEST = (0.1, 100.0)  # smallest range of the horizontal axis


def roofline(times: StepTimes, peaks: Peaks, name: str) -> Figure:
    """Operations per second against operations per byte, with the limits of a worker.

    The area of a point is its fraction of the step. A point below the slanted lines is
    bound by memory or cache, one below the flat line by arithmetic.

    Source
        Williams, Waterman, Patterson (2009), Roofline: an insightful visual
        performance model.
    """
    figure = new_figure(10.0, 5.2)
    axes = figure.subplots()
    rows = [
        row
        for row in times.rows
        if row.operations and row.bytes and times.share(row) >= SHOWN
    ]
    places = [_place(row) for row in rows]
    low = min([NARROWEST[0], *(across for across, _ in places)]) / 2
    high = max([NARROWEST[1], *(across for across, _ in places)]) * 2
    _roof(axes, peaks, low, high)
    axes.scatter(
        [across for across, _ in places],
        [up for _, up in places],
        s=[20 + AREA * times.share(row) for row in rows],
        color=ORANGE,
        alpha=0.6,
        linewidths=0,
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    _name_the_longest(axes, rows, times)
    quiet(axes)
    axes.grid(color=GRID, linewidth=1)
    across = "arithmetic intensity (operations per byte)"
    axes.set_xlabel(across, color=MUTED, fontsize=TEXT_SIZE)
    axes.set_ylabel("GFLOP/s per worker", color=MUTED, fontsize=TEXT_SIZE)
    title(
        axes,
        f"Training step of {name}",
        f"batch {times.batch_size}, {times.workers} workers: "
        f"{1e3 * times.step_seconds:.3g} ms, "
        f"{times.fraction_of_peak(peaks):.0%} of the matrix-product peak",
    )
    return figure


def _place(row: OperationTime) -> tuple[float, float]:
    """Operations per byte, and GFLOP/s."""
    return row.operations / row.bytes, row.operations_per_second / GIGA


def _roof(axes: Axes, peaks: Peaks, low: float, high: float) -> None:
    """Draw the limits of one worker while the others run too."""
    top = peaks.matrix_all / peaks.workers
    across = np.geomspace(low, high, 200)
    limits = (("cache", peaks.cache_all, BLUE), ("memory", peaks.memory_all, MUTED))
    for name, bandwidth, color in limits:
        each = bandwidth / peaks.workers
        axes.plot(
            across, np.minimum(each * across, top) / GIGA, color=color, linewidth=1.5
        )
        _write(
            axes,
            f"{name} {each / GIGA:.0f} GB/s",
            (low, each * low / GIGA),
            color=color,
            offset=(20, 2),
        )
    _name_roof(axes, peaks, "matrix product", top)
    if peaks.unit_all:
        top = peaks.unit_all / peaks.workers
        knee = top * peaks.workers / peaks.cache_all
        axes.plot([knee, high], [top / GIGA] * 2, color=BLUE, linewidth=1.5)
        _name_roof(axes, peaks, "matrix unit", top)


def _name_roof(axes: Axes, peaks: Peaks, name: str, top: float) -> None:
    knee = top * peaks.workers / peaks.cache_all
    text = f"{name} {top / GIGA:.0f} GFLOP/s"
    _write(axes, text, (knee, top / GIGA), color=BLUE, offset=(0, 6))


def _write(
    axes: Axes,
    text: str,
    place: tuple[float, float],
    *,
    color: str,
    offset: tuple[float, float],
) -> None:
    """Label a line near one of its points; the offset is in typographic points."""
    axes.annotate(
        text,
        xy=place,
        xytext=offset,
        textcoords="offset points",
        color=color,
        fontsize=TEXT_SIZE,
    )


def _name_the_longest(
    axes: Axes, rows: Sequence[OperationTime], times: StepTimes
) -> None:
    """List the longest operations on the right, each connected to its point."""
    longest = sorted(rows, key=lambda row: -row.seconds)[:NAMED]
    from_the_top = sorted(longest, key=lambda row: -_place(row)[1])
    for index, row in enumerate(from_the_top):
        axes.annotate(
            f"{row.stands_for}, {times.share(row):.0%}",
            xy=_place(row),
            xytext=(1.03, 0.97 - index / NAMED),
            textcoords="axes fraction",
            va="center",
            color=INK,
            fontsize=TEXT_SIZE,
            arrowprops={
                "arrowstyle": "-",
                "color": MUTED,
                "linewidth": 0.5,
                "relpos": (0, 0.5),
            },
        )
