"""Dark mode for SVG figures that matplotlib has drawn.

A style sheet replaces the colours of `inspection.figures.style`, and those of the
variants, in dark mode only. A figure in an <img> needs a sheet of its own: it does not
inherit that of the page.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import (
    Element,
    ParseError,
    fromstring,
    register_namespace,
    tostring,
)

from handgrad.inspection.figures import style

SVG = "{http://www.w3.org/2000/svg}"
register_namespace("", SVG.strip("{}"))  # SVG is written without prefixes
register_namespace("xlink", "http://www.w3.org/1999/xlink")
SERIES = {  # the colours of the variants, light and dark
    style.BLUE: "#6ea8fe",
    style.ORANGE: "#ff9b66",
    "#218a5b": "#5fd0a0",
    "#8a4fb5": "#c79bf2",
    "#b8860b": "#e6bf4f",
    "#c2377a": "#ff85b8",
    "#0f8ea3": "#56cfe1",
    "#6b7280": "#a9b4c0",
}
DARK = {
    "#ffffff": "#12161c",  # background
    "#000000": "#e6eaf0",
    style.EMPTY: "#1a2029",
    style.GRID: "#2d3642",
    style.MUTED: "#9aa7b5",
    style.INK: "#e6eaf0",
    style.PALE: "#a9bfd8",
    "#c9b27c": "#dcc48c",  # sand
    **SERIES,
}


def dark_style() -> str:
    """The style sheet that replaces every colour in dark mode."""
    rules = "".join(
        f'[style*="{what}: {light}"]{{{what}:{dark}!important}}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    )
    black = f"svg{{fill:{DARK['#000000']}}}"  # the default, which is not written
    return f"@media (prefers-color-scheme: dark){{{black}{rules}}}"


def with_dark_mode(content: bytes) -> bytes | None:
    """Add the style sheet to an SVG; None if dark mode would not replace all of it.

    That is a bitmap, an SVG that contains one, or one with other colours.
    """
    try:
        root = fromstring(content)
    except ParseError:
        return None
    is_replaced = root.tag == f"{SVG}svg" and root.find(f".//{SVG}image") is None
    if not is_replaced or not set(_colours(root)) <= set(DARK):
        return None
    add_style(root)
    return tostring(root)


def add_style(root: Element) -> None:
    """Insert the style sheet as the first element of an SVG."""
    sheet = Element(f"{SVG}style")
    sheet.text = dark_style()
    root.insert(0, sheet)


def _colours(root: Element) -> Iterator[str]:
    """Every colour that fills or outlines an element, as `#rrggbb`."""
    for element in root.iter():
        for declaration in element.get("style", "").split(";"):
            name, _, value = declaration.partition(":")
            if name.strip() in ("fill", "stroke") and value.strip() != "none":
                yield value.strip()
