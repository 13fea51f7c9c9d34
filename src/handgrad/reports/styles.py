"""The style sheets that are embedded in pages and figures."""

from functools import cache
from importlib.resources import files
from typing import Literal

Sheet = Literal["colours", "chart", "page"]


@cache
def style(name: Sheet) -> str:
    """Read a style sheet of this package."""
    sheet = files("handgrad.reports").joinpath(f"{name}.css")
    return sheet.read_text(encoding="utf-8")
