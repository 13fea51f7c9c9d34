"""Figures of a page: drawn in it, with their data to take along, and as files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from handgrad.reports.axes import WIDTH
from handgrad.reports.legend import as_drawing
from handgrad.reports.markup import Markup, data_link, element
from handgrad.reports.styles import style

MARGIN = 12  # dots around a figure that stands alone
CSV = "text/csv"


@dataclass
class Figures:
    """The files that belong beside a page, by name."""

    files: dict[str, str] = field(default_factory=dict)
    embedded: set[Path] = field(default_factory=set)  # folders of trials' own figures

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
        """Keep the drawing and its data as files; the figure for the page."""
        self.files[f"{stem}.svg"] = alone(drawing, variants, height)
        self.files[f"{stem}.csv"] = data
        words = element("figcaption", caption, " ", data_button(stem, data))
        return element("figure", drawing, words)


def data_button(stem: str, data: str) -> Markup:
    """A link that hands out the numbers, from within the page itself."""
    return element(
        "a",
        "CSV",
        href=data_link(data, CSV),
        download=f"{stem}.csv",
        class_="data",
        aria_label=f"The numbers of this figure as CSV: {stem}.csv",
    )


def alone(drawing: Markup, variants: Sequence[str], height: float) -> str:
    """The drawing as a file of its own, with colours and a legend in it."""
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
