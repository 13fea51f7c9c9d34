"""A figure of a report: drawn by matplotlib, written as SVG with tooltips."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from math import isfinite
from typing import Any, Literal
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from handgrad.inspection.figures.style import INK, DisplayedFigure
from handgrad.reports.dark_figures import SERIES, SVG, add_style
from handgrad.reports.text_formatting import tick_words
from handgrad.text import one_line

WIDTH, RIGHT, TOP = 4.2, 0.15, 0.4  # inches: the width, and two margins
MOST_STEPS = 6  # between the ticks of an axis
STEPS = (1, 2, 2.5, 5, 10)
WIDE = 30.0  # ratio of largest to smallest value above which the scale is logarithmic
DECADES = 1e3  # ratio from which only powers of ten have ticks
DASHES = ("solid", (0, (4, 2.5)), (0, (1, 2)))


@dataclass
class Drawing:
    """A figure, its axes, a description for screen readers, and tooltips of the points.

    `tooltips` has the text of each marker of a line, by the line's id.
    """

    figure: Figure
    axes: Axes
    words: str
    tooltips: dict[str, Sequence[str]] = field(default_factory=dict)

    def explain(self, points: Line2D, texts: Sequence[str]) -> None:
        """Give every marker of a line its tooltip."""
        name = f"points-{len(self.tooltips)}"
        points.set_gid(name)
        self.tooltips[name] = texts


def new_drawing(words: str, height: float, left: float, bottom: float) -> Drawing:
    """Axes in a figure of fixed margins, so that figures side by side are aligned.

    Units
        height, left, bottom  inches: the figure, and the margins
    """
    figure = DisplayedFigure(figsize=(WIDTH, height), facecolor="white")
    right, top = 1 - RIGHT / WIDTH, 1 - TOP / height
    figure.subplots_adjust(left / WIDTH, bottom / height, right, top)
    return Drawing(figure, figure.subplots(), words)


def literal(text: str) -> str:
    """Text that matplotlib writes as it is, on one line, without formulas."""
    return one_line(text).replace("$", r"\$")


def look_of(place: int) -> tuple[str, object]:
    """Colour and line style of the variant at an index: eight colours, then dashed."""
    colours = list(SERIES)
    return colours[place % len(colours)], DASHES[place // len(colours) % len(DASHES)]


def diamonds(axes: Axes, x: Sequence[float], y: Sequence[float]) -> Line2D:
    """Draw published values."""
    (line,) = axes.plot(
        x, y, "D", color=INK, markerfacecolor="white", markersize=6, zorder=5
    )
    return line


def finite(values: Iterable[float | None]) -> list[float]:
    """The values that can be drawn."""
    return [value for value in values if value is not None and isfinite(value)]


def is_wide(values: Sequence[float]) -> bool:
    """Whether values are positive and need a logarithmic scale."""
    return min(values, default=0) > 0 and max(values) > WIDE * min(values)


def scale(axes: Axes, side: Literal["x", "y"], values: Sequence[float]) -> None:
    """Scale an axis for values, logarithmic if they need it, with few ticks."""
    axis = axes.xaxis if side == "x" else axes.yaxis
    if is_wide(values):
        axes.set(**{f"{side}scale": "log"})
        is_long = max(values) > DECADES * min(values)
        axis.set_major_locator(LogLocator(subs=(1.0,) if is_long else (1.0, 2.0, 5.0)))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(MaxNLocator(MOST_STEPS, steps=STEPS))
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick_words(value)))


def as_svg(drawing: Drawing, stem: str) -> tuple[str, str]:
    """The figure as part of a page, and as a file of its own with a style sheet.

    `stem` makes the ids of the figure unique in the page.
    """
    root = fromstring(_drawn(drawing.figure, stem))
    root.set("class", "chart")
    root.set("role", "img")
    root.set("aria-label", one_line(drawing.words))
    for element in root.iter():
        element.tail = None
    for group in root.iter(f"{SVG}g"):
        group.text = None
        _explain(group, drawing.tooltips.get(group.attrib.pop("id", ""), ()))
    sheet = root.find(f"{SVG}defs")
    assert sheet is not None
    root.remove(sheet)
    inside = tostring(root, encoding="unicode")
    root.insert(0, sheet)
    add_style(root)
    return inside, f"{tostring(root, encoding='unicode')}\n"


def _explain(group: Element, texts: Sequence[str]) -> None:
    for point, text in zip(group.iter(f"{SVG}use"), texts, strict=bool(texts)):
        SubElement(point, f"{SVG}title").text = one_line(text)


def _drawn(figure: Figure, stem: str) -> bytes:
    """The SVG of matplotlib; the same figure makes the same bytes."""
    buffer = BytesIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    settings: dict[Any, Any] = {
        "svg.hashsalt": stem,
        "svg.fonttype": "none",  # text stays text, in a font of the reader's system
        "font.sans-serif": ["DejaVu Sans"],
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the reader's fonts have it
        figure.savefig(buffer, format="svg", metadata=nothing)
    return buffer.getvalue()
