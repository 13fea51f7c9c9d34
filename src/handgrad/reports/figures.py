"""Figures of a page: inline SVG with downloadable data, and as separate files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from handgrad.reports.axes import WIDTH
from handgrad.reports.legend import as_drawing
from handgrad.reports.markup import Markup, data_link, element
from handgrad.reports.styles import style

MARGIN = 12  # pixels around a standalone figure
CSV = "text/csv"


@dataclass
class Figures:
    """The figure files next to a page, by name."""

    files: dict[str, str] = field(default_factory=dict)
    embedded: set[Path] = field(default_factory=set)  # folders of embedded figures

    def add(
        self,
        stem: str,
        drawing: Markup,
        data: str,
        *,
        variants: Sequence[str],
        caption: str,
        height: float,
    ) -> Markup:
        """Add a drawing and its data as files; return the figure for the page."""
        self.files[f"{stem}.svg"] = alone(drawing, variants, height)
        self.files[f"{stem}.csv"] = data
        words = element("figcaption", caption, " ", data_button(stem, data))
        return element("figure", drawing, words)


def data_button(stem: str, data: str) -> Markup:
    """A download link for the data, as a data URL."""
    return element(
        "a",
        "CSV",
        href=data_link(data, CSV),
        download=f"{stem}.csv",
        class_="data",
        aria_label=f"Data of this figure as CSV: {stem}.csv",
    )


def alone(drawing: Markup, variants: Sequence[str], height: float) -> str:
    """The drawing as a standalone file, with its own style sheet and legend."""
    legend, bottom = None, height
    if len(variants) > 1:
        legend, bottom = as_drawing(variants, height + MARGIN)
    width, tall = WIDTH + 2 * MARGIN, bottom + 2 * MARGIN
    box = f"-{MARGIN} -{MARGIN} {width} {tall:g}"
    ground = element(
        "rect", x=-MARGIN, y=-MARGIN, width=width, height=tall, class_="ground"
    )
    whole = element(
        "svg",
        element("style", Markup(style("colours") + style("chart"))),
        ground,
        drawing,
        legend,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=box,
        width=width,
        height=tall,
        class_="chart",
    )
    return f"{whole}\n"
