"""Legends: the colour and line style of each variant."""

from collections.abc import Sequence

from handgrad.reports.axes import WIDTH, label
from handgrad.reports.markup import Markup, element

COLOURS = 8
DASHES = 3
LINE_HEIGHT = 20
LETTER = 6.6  # approximate width of a letter in pixels


def style_of(place: int) -> str:
    """The CSS classes of the variant at an index: eight colours, then dashed lines."""
    dashes = place // COLOURS % DASHES
    return f"s{place % COLOURS}" + (f" d{dashes}" if dashes else "")


def short_names(variants: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The one setting that varies, if any, and each variant without its name.

    Example
        short_names(["momentum=0", "momentum=0.9"])
        ->  "momentum", {"momentum=0": "0", "momentum=0.9": "0.9"}
    """
    parts = [variant.partition("=") for variant in variants]
    keys = {key for key, equals, _ in parts if equals}
    is_one = len(keys) == 1 and all("=" in v and ", " not in v for v in variants)
    if len(variants) < 2 or not is_one:
        return "", {variant: variant.replace("_", " ") for variant in variants}
    names = {v: value for v, (_, _, value) in zip(variants, parts, strict=True)}
    return keys.pop().replace("_", " "), names


def as_list(variants: Sequence[str], *, published: bool) -> Markup | None:
    """The legend on a page, for all figures below it."""
    title, names = short_names(variants)
    signs = [(_sign(style_of(p)), names[v]) for p, v in enumerate(variants)]
    if len(variants) < 2:
        signs = []
    if published:
        path = element("path", d="M12 1l5 5l-5 5l-5-5z", class_="published")
        signs.append((_svg(path), "published"))
    if not signs:
        return None
    items = [element("li", sign, name) for sign, name in signs]
    heading = element("li", f"{title}:", class_="what") if title else None
    return element("ul", heading, *items, class_="legend")


def _sign(style: str) -> Markup:
    return _svg(element("g", element("path", d="M1 6h22", class_="line"), class_=style))


def _svg(inside: Markup) -> Markup:
    return element(
        "svg", inside, viewBox="0 0 24 12", width=24, height=12, aria_hidden="true"
    )


def as_drawing(variants: Sequence[str], top: float) -> tuple[Markup, float]:
    """The legend of a standalone figure, and its lower end."""
    _, names = short_names(variants)
    parts, x, y = [], 0.0, top
    for place, variant in enumerate(variants):
        width = 30 + LETTER * len(names[variant]) + 14
        if x and x + width > WIDTH:
            x, y = 0.0, y + LINE_HEIGHT
        line = element("path", d=f"M{x:g} {y:g}h22", class_="line")
        text = label(names[variant], x + 28, y + 4)
        parts.append(element("g", line, text, class_=style_of(place)))
        x += width
    return element("g", *parts, class_="frame"), y + LINE_HEIGHT
