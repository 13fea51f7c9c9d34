"""Dark mode for embedded SVG figures.

An SVG in an <img> does not inherit the style sheet of the page, but it can query
whether the reader prefers a dark colour scheme. So it gets its own style sheet, which
replaces the colours of `inspection.figures.style` in dark mode only.
"""

import re

DARK = {
    "#ffffff": "#12161c",  # background
    "#f5f6f8": "#1a2029",  # empty
    "#e6e9ed": "#2d3642",  # grid
    "#66727f": "#9aa7b5",  # muted
    "#1f2933": "#e6eaf0",  # ink
    "#000000": "#e6eaf0",
    "#8aa4c0": "#a9bfd8",  # pale
    "#1f5fa8": "#6ea8fe",  # blue
    "#d9622b": "#ff9b66",  # orange
    "#c9b27c": "#dcc48c",  # sand
}
"""The dark replacement of each colour of a figure, as in colours.css.

Duplicated here because importing the figures imports matplotlib, which is slow.
"""


def supports_dark_mode(content: bytes) -> bool:
    """Whether a figure supports dark mode: no bitmaps, and no other colours."""
    if b"<svg" not in content or b"<image" in content:
        return False
    colours = re.findall(rb"(?:fill|stroke): ?(#[0-9a-f]{6})", content)
    return {colour.decode() for colour in colours} <= set(DARK)


def with_dark_mode(content: bytes) -> bytes:
    """Insert the dark style sheet after the opening <svg> tag."""
    return re.sub(
        rb"<svg\b[^>]*>", lambda tag: tag[0] + _style_sheet(), content, count=1
    )


def _style_sheet() -> bytes:
    rules = "".join(
        f'[style*="{what}: {light}"]{{{what}:{dark}!important}}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    )
    return f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>".encode()
