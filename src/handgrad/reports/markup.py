"""HTML and SVG elements. Text is escaped unless it is already markup."""

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from handgrad.text import printable

EMPTY = frozenset({"br", "col", "img", "link", "meta"})  # void elements of HTML


class Markup(str):
    """Trusted markup, in which all external text is escaped."""

    __slots__ = ()


Inside = str | Markup | None


def safe(text: Inside) -> Markup:
    """Return markup unchanged; escape other text; '' for None."""
    if text is None:
        return Markup("")
    if isinstance(text, Markup):
        return text
    return Markup(escape(printable(text), quote=False))


def joined(parts: Iterable[Inside], between: str = "") -> Markup:
    """Join parts, escaping text."""
    return Markup(between.join(map(safe, parts)))


def element(
    name: str, /, *inside: Inside, **attributes: str | float | bool | None
) -> Markup:
    """Make an element. `class_` means class, `view_box` view-box; None, False: omitted.

    Example
        element("a", "a < b", href="#a2")  ->  <a href="#a2">a &lt; b</a>
    """
    opened = "".join([name, *map(_attribute, attributes.items())])
    if name in EMPTY:
        return Markup(f"<{opened}>")
    return Markup(f"<{opened}>{joined(inside)}</{name}>")


def _attribute(item: tuple[str, str | float | bool | None]) -> str:
    key, value = item
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(printable(text))}"'


def data_link(content: str, kind: str) -> str:
    """A text file as a data URL, embedded in a page."""
    return f"data:{kind};charset=utf-8,{quote(content)}"
