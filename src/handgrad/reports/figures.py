"""Figures of a page: SVG with downloadable data, and the same as separate files."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from handgrad.reports.drawing import Drawing, as_svg
from handgrad.reports.templates import data_link

CSV = "text/csv"


@dataclass
class Figures:
    """The figure files next to a page, by name."""

    files: dict[str, str] = field(default_factory=dict)
    embedded: set[Path] = field(default_factory=set)  # folders of embedded figures

    def add(
        self, stem: str, drawing: Drawing, data: str, caption: str
    ) -> dict[str, Any]:
        """Add a drawing and its data as files; return the figure for the page."""
        inside, alone = as_svg(drawing, stem)
        self.files[f"{stem}.svg"] = alone
        self.files[f"{stem}.csv"] = data
        shown = {"drawing": Markup(inside), "caption": caption}
        return {**shown, "stem": stem, "data": data_link(data, CSV)}
