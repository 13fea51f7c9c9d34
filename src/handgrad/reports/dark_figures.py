"""Drawings that follow the page into the dark.

An SVG that stands in an <img> knows nothing of the page's style sheet, but it is told
whether the reader prefers dark: so it carries a style sheet of its own, which replaces
the colours of `inspection.figures.style`. Light readers see what was drawn.
"""

import re

DARK = {
    "#ffffff": "#12161c",  # the ground
    "#f5f6f8": "#1a2029",  # empty
    "#e6e9ed": "#2d3642",  # the grid
    "#66727f": "#9aa7b5",  # muted
    "#1f2933": "#e6eaf0",  # ink
    "#000000": "#e6eaf0",
    "#8aa4c0": "#a9bfd8",  # pale
    "#1f5fa8": "#6ea8fe",  # blue
    "#d9622b": "#ff9b66",  # orange
    "#c9b27c": "#dcc48c",  # sand
}
"""What each colour of a drawing becomes, as the page's own in colours.css.

Written out, as matplotlib is imported with the figures and takes long.
"""


def follows(content: bytes) -> bool:
    """Whether a drawing can: not pixels, nor shades that are numbers themselves."""
    if b"<svg" not in content or b"<image" in content:
        return False
    colours = re.findall(rb"(?:fill|stroke): ?(#[0-9a-f]{6})", content)
    return {colour.decode() for colour in colours} <= set(DARK)


def following(content: bytes) -> bytes:
    """The drawing with its second set of colours, right behind the opening tag."""
    return re.sub(rb"<svg\b[^>]*>", lambda tag: tag[0] + _sheet(), content, count=1)


def _sheet() -> bytes:
    rules = "".join(
        f'[style*="{what}: {light}"]{{{what}:{dark}!important}}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    )
    return f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>".encode()
