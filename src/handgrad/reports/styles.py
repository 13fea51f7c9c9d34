"""The style sheets that pages and figures carry in themselves."""

from functools import cache
from importlib.resources import files
from typing import Literal

Sheet = Literal["colours", "chart", "page"]


@cache
def style(name: Sheet) -> str:
    """A style sheet of this folder."""
    sheet = files("handgrad.reports").joinpath(f"{name}.css")
    return sheet.read_text(encoding="utf-8")
