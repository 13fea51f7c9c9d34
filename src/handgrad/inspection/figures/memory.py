"""Memory by role, one bar per column of the table."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from handgrad.inspection.figures.style import (
    BLUE,
    GRID,
    INK,
    MUTED,
    ORANGE,
    PALE,
    TEXT_SIZE,
    new_figure,
    quiet,
    title,
)

COLORS = (BLUE, ORANGE, PALE, MUTED, "#c9b27c", INK)
MEBIBYTE = 1024**2


def memory(bars: Mapping[str, Mapping[str, float]]) -> Figure:
    """One bar per entry, stacked by role, with its total at the end.

    Units
        bars  bytes, by name of the bar and by role
    """
    figure = new_figure(8.6, 1.7 + 0.55 * len(bars))
    axes = figure.add_subplot()
    roles = list(dict.fromkeys(role for sizes in bars.values() for role in sizes))
    ends = [0.0] * len(bars)
    for role, color in zip(roles, COLORS, strict=False):
        sizes = [bar.get(role, 0) / MEBIBYTE for bar in bars.values()]
        axes.barh(range(len(bars)), sizes, 0.6, left=ends, color=color, label=role)
        ends = [end + size for end, size in zip(ends, sizes, strict=True)]
    for place, end in enumerate(ends):
        axes.annotate(
            f"{end:.2f} MiB",
            (end, place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            fontsize=TEXT_SIZE,
        )
    axes.set_yticks(range(len(bars)), list(bars))
    axes.invert_yaxis()
    axes.set_xlim(0, 1.18 * max(ends))
    axes.set_xlabel("MiB", color=MUTED, fontsize=TEXT_SIZE)
    quiet(axes)
    axes.grid(axis="x", color=GRID)
    title(axes, "Memory by role", "arrays of one training step or prediction")
    figure.legend(
        loc="outside lower center",
        ncols=len(roles),
        frameon=False,
        labelcolor=INK,
        fontsize=TEXT_SIZE,
    )
    return figure
