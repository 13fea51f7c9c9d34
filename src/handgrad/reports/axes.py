"""Scales, ticks and axes of a figure, as SVG styled by the style sheet of the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from handgrad.reports.markup import Markup, element

WIDTH, HEIGHT = 400, 262  # a third of a wide page, or the width of a narrow one
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 34, 40
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
DECADES = (1.0, 2.0, 5.0)
SLACK = 1e-9  # tolerance for rounding of a tick at the edge, in steps
MOST_TICKS = 5
MILLION = 1e6


@dataclass(frozen=True)
class Scale:
    """Map data values from `low` to `high` to coordinates in the figure."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """The coordinate of a value, rounded to a tenth of a pixel."""
        low, high, value = map(self._bent, (self.low, self.high, value))
        share = (value - low) / (high - low)
        return round(self.start + share * (self.end - self.start), 1)

    def _bent(self, value: float) -> float:
        return log10(value) if self.is_log else value

    @property
    def ticks(self) -> list[float]:
        """Round numbers within the range."""
        if self.is_log:
            return log_ticks(self.low, self.high)
        return ticks(self.low, self.high)


def scale_over(
    values: Sequence[float], start: float, end: float, *, is_log: bool = False
) -> Scale:
    """A scale that covers all finite values with a margin, and is never empty."""
    finite = [value for value in values if isfinite(value)] or [0.5]
    low, high = min(finite), max(finite)
    if is_log:
        room = (high / low) ** 0.05
        return Scale(low / room, high * room, start, end, is_log=True)
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return Scale(low - room, high + room, start, end)


def ticks(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """Round numbers within a range, about `most` of them."""
    rough = (high - low) / most
    size = 10.0 ** floor(log10(rough))
    step = next(size * step for step in STEPS if size * step >= rough * (1 - SLACK))
    first, last = ceil(low / step - SLACK), floor(high / step + SLACK)
    return [_rounded(place * step) for place in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Ticks at 1, 2 and 5 times each power of ten; only some powers in wide ranges."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    fine = [_rounded(step * 10.0**power) for power in powers for step in DECADES]
    fine = [tick for tick in fine if low <= tick <= high]
    if len(fine) <= MOST_TICKS + 1:
        return fine
    coarse = [10.0**power for power in powers if low <= 10.0**power <= high]
    return coarse[:: ceil(len(coarse) / (MOST_TICKS + 1))]


def whole_ticks(last: int, most: int = 6) -> list[float]:
    """Epochs to label: the first, the last and round ones between."""
    sizes = [size * step for size in (1, 10, 100, 1000) for step in (1, 2, 5)]
    step = next((step for step in sizes if last <= step * most), last)
    between = range(step, last, step)
    far = [tick for tick in between if tick > 1 and last - tick > step / 2]
    return sorted(map(float, {1, *far, last}))


def _rounded(value: float) -> float:
    return float(f"{value:.12g}") + 0.0  # no -0


def tick_words(value: float) -> str:
    """Format a tick label: 0.05, 12,000, 2.5M, 3e-07."""
    if MILLION <= abs(value) < 1000 * MILLION:
        return f"{value / MILLION:g}M"
    return f"{value:,.0f}" if 1000 <= abs(value) < MILLION else f"{value:g}"


def grid_across(x: Scale, y: Scale) -> list[Markup]:
    """A horizontal grid line for each tick of y, with its label on the left."""
    parts = []
    for tick in y.ticks:
        place = y(tick)
        parts += [
            element("line", x1=x.start, x2=x.end, y1=place, y2=place),
            label(tick_words(tick), x.start - 7, place + 4, "end"),
        ]
    return parts


def label(
    text: str, x: float, y: float, anchor: str = "start", class_: str | None = None
) -> Markup:
    """A text label at a position."""
    place = None if anchor == "start" else anchor
    return element(
        "text", text, x=float(x), y=float(y), text_anchor=place, class_=class_
    )


def diamond(x: float, y: float, title: str, size: float = 5.5) -> Markup:
    """The marker of a published value."""
    s = f"{size:g}"
    path = f"M{x:g} {y - size:g}l{s} {s}l-{s} {s}l-{s}-{s}z"
    return element("path", element("title", title), d=path, class_="published")


def figure(
    heading: str, words: str, *inside: Markup | None, height: float = HEIGHT
) -> Markup:
    """A complete figure; `words` is its description for screen readers."""
    return element(
        "svg",
        label(heading, 0, 15, class_="heading"),
        *inside,
        viewBox=f"0 0 {WIDTH} {height:g}",
        width=WIDTH,
        height=float(height),
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_label=f"{heading}. {words}",
        class_="chart",
    )
