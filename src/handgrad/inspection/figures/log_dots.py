"""A dot plot of values on a logarithmic scale."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from handgrad.inspection.figures.charts import chart, finish, remark
from handgrad.inspection.figures.style import BLUE

ROOM = 30.0  # factor between the extreme values and the edges of the axis


def log_dots(
    values: Mapping[str, float], *, heading: str, note: str, form: str = "{:.3g}"
) -> Figure:
    """One dot per name; `form` formats its value. A 0 is drawn at the left edge."""
    figure, axes = chart(7.6, 1.3 + 0.34 * len(values))
    positive = [value for value in values.values() if value > 0] or [1.0]
    least, most = min(positive) / ROOM, max(positive) * ROOM
    places, drawn = range(len(values)), [max(v, least) for v in values.values()]
    axes.hlines(places, least, drawn, color=BLUE, linewidth=2, alpha=0.35)
    axes.plot(drawn, places, "o", color=BLUE, markersize=6)
    for place, (at, value) in enumerate(zip(drawn, values.values(), strict=True)):
        remark(axes, form.format(value), (at, place), (7, 0), va="center")
    axes.set_xscale("log")
    axes.set_xlim(least, most)
    axes.set_yticks(places, list(values))
    axes.set_ylim(len(values) - 0.5, -0.5)
    finish(axes, heading, note, grid="x")
    return figure
