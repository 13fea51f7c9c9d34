"""The figures of a sweep: parallel coordinates, importance, learning curves."""

from collections.abc import Sequence
from itertools import pairwise
from math import floor, log10
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from handgrad.inspection.figures.style import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    PALE,
    TEXT_SIZE,
    new_figure,
    plain,
    quiet,
    title,
)
from handgrad.studies.value_words import in_words
from handgrad.sweeps.importance import caution
from handgrad.sweeps.space import Choice, Parameter, Range, short_names
from handgrad.sweeps.sweep import Sweep
from handgrad.sweeps.sweep_results import Tried
from handgrad.text import number_of

COLOURS = "Blues"  # its upper part: better settings are darker
FEWEST = 3  # tick labels on the axis of a range
APART = 1.9  # inches between two axes, at least
INCHES = 0.07  # width of a character
LONGEST = 60  # characters of a tick label
LONGEST_NOTE = 160


def parallel_coordinates(sweep: Sweep, whole: Sequence[Tried]) -> Figure:
    """Parallel coordinates: an axis per parameter and metric, a line per setting."""
    names = [*short_names(p.name for p in sweep.space).values(), sweep.metric]
    names = [plain(name.replace("_", " ")) for name in names]
    low, high = _ends([one.mean for one in whole])
    ends = [((v - low) / (high - low), f"{v:.4g}") for v in _round(low, high)]
    marks = [*map(_marks, sweep.space), ends]
    across = _places(names, marks)
    count = number_of(len(whole), "setting")
    note = f"{count}, better ones darker; orange: {whole[0].setting.name}"
    figure = new_figure(_width(max(6.0, across[-1] + 2.0), note), 4.2)
    axes = figure.subplots()
    for rank, one in reversed(list(enumerate(whole))):
        heights = [p.share_of(one.setting.values[p.name]) for p in sweep.space]
        heights.append((one.mean - low) / (high - low))
        good = heights[-1] if sweep.sign > 0 else 1 - heights[-1]
        best = rank == 0
        axes.plot(
            across,
            heights,
            color=ORANGE if best else colormaps[COLOURS](0.3 + 0.7 * good),
            linewidth=2.6 if best else 1.2,
            alpha=1.0 if best else 0.8,
            zorder=3 if best else 2,
            solid_capstyle="round",
        )
    for place, drawn in zip(across, marks, strict=True):
        _upright(axes, place, drawn)
    axes.set_xticks(across, names)
    axes.set_yticks([])
    axes.set_ylim(-0.06, 1.06)
    axes.set_xlim(-0.65, across[-1] + 0.75)
    quiet(axes)
    axes.tick_params(labelcolor=INK)
    heading = f"Settings and their mean {sweep.metric.replace('_', ' ')}"
    title(axes, heading, _short(note, LONGEST_NOTE))
    return figure


def _places(
    names: Sequence[str], marks: Sequence[Sequence[tuple[float, str]]]
) -> list[float]:
    """Places of the axes in inches: as far apart as their labels need."""
    places = [0.0]
    for (name, following), drawn in zip(pairwise(names), marks[:-1], strict=True):
        right = max((len(words) for _, words in drawn), default=0)
        below = (len(name) + len(following)) / 2
        places.append(places[-1] + max(APART, INCHES * max(right, below) + 0.3))
    return places


def _upright(axes: Axes, place: float, marks: Sequence[tuple[float, str]]) -> None:
    """Draw one vertical axis with tick labels."""
    axes.axvline(place, ymin=0.05, ymax=0.95, color=MUTED, linewidth=1, zorder=1)
    for height, words in marks:
        axes.annotate(
            plain(words),
            (place, height),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=TEXT_SIZE,
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8},
            zorder=4,
        )


def _marks(parameter: Parameter) -> list[tuple[float, str]]:
    """Tick positions and labels of the axis of a parameter."""
    if isinstance(parameter, Choice):
        words = map(_short, map(in_words, parameter.values))
        places = map(parameter.share_of, parameter.values)
        return list(zip(places, words, strict=True))
    values = _decades(parameter) if parameter.log else ()
    if len(values) < FEWEST:
        values = _round(parameter.low, parameter.high)
    if parameter.integer:
        values = sorted({round(value) for value in values})
    return [(parameter.share_of(value), f"{value:.4g}") for value in values]


def _short(words: str, most: int = LONGEST) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _width(least: float, note: str) -> float:
    """Inches of a figure with that note: one that is too wide shrinks the axes."""
    return max(least, INCHES * min(len(note), LONGEST_NOTE) + 1.0)


def _decades(parameter: Range) -> list[float]:
    """The numbers 1, 3, 10, 30, ... within the range."""
    first, last = floor(log10(parameter.low)), floor(log10(parameter.high))
    steps = [a * 10.0**k for k in range(first, last + 1) for a in (1, 3)]
    return [value for value in steps if parameter.low <= value <= parameter.high]


def _round(low: float, high: float) -> list[float]:
    """Round numbers within a range, possibly none."""
    values = MaxNLocator(5).tick_values(low, high)
    return [float(v) for v in values if low <= v <= high]


def importance_bars(found: dict[str, Any], metric: str) -> Figure:
    """Bars of the decrease of R2 by parameter, the largest at the top."""
    rows = list(found["parameters"].items())
    figure = new_figure(6.4, 1.5 + 0.42 * len(rows))
    axes = figure.subplots()
    labels = short_names(name for name, _ in rows)
    heights = range(len(rows))[::-1]
    axes.barh(
        heights,
        [row["mean"] for _, row in rows],
        xerr=[row["spread"] for _, row in rows],
        height=0.55,
        color=BLUE,
        error_kw={"ecolor": MUTED, "elinewidth": 1.2},
    )
    axes.set_yticks(
        heights, [plain(labels[name].replace("_", " ")) for name, _ in rows]
    )
    quiet(axes)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_xlim(left=0)
    axes.set_xlabel("decrease of R² if permuted", color=MUTED, fontsize=TEXT_SIZE)
    note = f"random forest; {caution(found['r2'])}"
    title(axes, f"Hyperparameter importance: {metric.replace('_', ' ')}", note)
    return figure


def curves(sweep: Sweep, found: Sequence[Tried]) -> Figure:
    """The learning curve of every setting: the mean of its seeds."""
    best = next((one for one in found if one.is_whole), None)
    note = f"orange: {_short(best.setting.name, LONGEST_NOTE)}" if best else ""
    figure = new_figure(_width(7.2, note), 4.2)
    axes = figure.subplots()
    ended = 0
    for one in reversed(found):
        values = mean_curve(one, sweep.curve)
        if not len(values):
            continue
        is_best = one is best
        pruned = not one.is_whole
        ended += pruned
        axes.plot(
            range(1, len(values) + 1),
            values,
            color=ORANGE if is_best else PALE,
            marker="o" if len(values) == 1 else "",  # one epoch is no line
            linewidth=2.6 if is_best else 1.1,
            zorder=3 if is_best else 2,
            solid_capstyle="round",
        )
        if pruned:
            axes.plot(len(values), values[-1], "x", color=INK, markersize=5, zorder=4)
    quiet(axes, grid=True)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlabel("epoch", color=MUTED, fontsize=TEXT_SIZE)
    if ended:
        note += f"{'; ' if note else ''}cross: stopped early"
    title(axes, f"{sweep.curve.replace('_', ' ').capitalize()} of each setting", note)
    return figure


def mean_curve(one: Tried, name: str) -> Any:
    """The mean of the seeds' curves, up to the end of the shortest."""
    known = [o.get("curves", {}).get(name, []) for o in one.outcomes if o is not None]
    rows = [row for row in known if row]
    if not rows:
        return np.zeros(0)
    length = min(map(len, rows))
    return np.mean([row[:length] for row in rows], axis=0)


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """The range of the metric's axis, never empty."""
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
