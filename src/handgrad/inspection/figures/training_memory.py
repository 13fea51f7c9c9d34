"""Memory by role, one bar per column of the table."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from handgrad.inspection.figures.charts import chart, finish, legend, remark
from handgrad.inspection.figures.style import BLUE, INK, MUTED, ORANGE, PALE

COLORS = (BLUE, ORANGE, PALE, MUTED, "#c9b27c", INK)
MEBIBYTE = 1024**2


def memory(bars: Mapping[str, Mapping[str, float]]) -> Figure:
    """One bar per entry, stacked by role, with its total at the end.

    Units
        bars  bytes, by name of the bar and by role
    """
    figure, axes = chart(8.6, 1.7 + 0.55 * len(bars))
    roles = list(dict.fromkeys(role for sizes in bars.values() for role in sizes))
    ends = [0.0] * len(bars)
    for role, color in zip(roles, COLORS, strict=False):
        sizes = [bar.get(role, 0) / MEBIBYTE for bar in bars.values()]
        axes.barh(range(len(bars)), sizes, 0.6, left=ends, color=color, label=role)
        ends = [end + size for end, size in zip(ends, sizes, strict=True)]
    for place, end in enumerate(ends):
        remark(axes, f"{end:.2f} MiB", (end, place), (6, 0), va="center")
    axes.set_yticks(range(len(bars)), list(bars))
    axes.invert_yaxis()
    axes.set_xlim(0, 1.18 * max(ends))
    note = "arrays of one training step or prediction"
    finish(axes, "Memory by role", note, across="MiB", grid="x")
    legend(figure, "outside lower center", ncols=len(roles))
    return figure
