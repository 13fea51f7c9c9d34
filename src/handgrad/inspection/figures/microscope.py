"""The factors of one gradient as a table."""

from collections.abc import Iterator

from matplotlib.figure import Figure

from handgrad.inspection.figures.charts import chart
from handgrad.inspection.figures.style import (
    BLUE,
    EMPTY,
    GRID,
    INK,
    MUTED,
    ORANGE,
    TEXT_SIZE,
    TITLE_SIZE,
)
from handgrad.inspection.microscope import HEADS, Reading

WIDTH = 0.2  # of a column, as a fraction of the figure
LAST = WIDTH * len(HEADS)  # left edge of the last column


def microscope(reading: Reading) -> Figure:
    """The factors of the largest products, the sum of all, and the check."""
    rows = len(reading.largest)
    figure, axes = chart(9.2, 2.6 + 0.36 * rows)
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(rows + 6, -1.6)
    for row in range(0, rows, 2):
        axes.axhspan(row + 1.3, row + 2.2, color=EMPTY)
    axes.axhline(rows + 2.4, color=GRID)
    for left, top, text, color in (*_head(reading), *_cells(reading), *_foot(reading)):
        axes.text(left, top, text, color=color, fontsize=TEXT_SIZE + 1, va="center")
    axes.texts[0].set_fontsize(TITLE_SIZE)
    axes.texts[-1].set(fontsize=TEXT_SIZE, family="monospace")
    return figure


def _head(reading: Reading) -> Iterator[tuple[float, float, str, str]]:
    """Left edge, centre, text and colour of each text above the table."""
    place = ", ".join(map(str, reading.index))
    yield 0, -1.1, f"{reading.layer}.{reading.parameter}[{place}]", INK
    about = f"= {reading.value:.6g}; image {reading.sample}, loss {reading.loss:.6g}"
    yield 0, -0.35, about, MUTED


def _cells(reading: Reading) -> Iterator[tuple[float, float, str, str]]:
    for column, head in enumerate(("output", *HEADS)):
        yield WIDTH * column, 0.8, head, MUTED
    for row, found in enumerate(reading.largest):
        numbers = (found.forward, found.upstream, found.local, found.product)
        cells = [str(list(found.output)), *(f"{number:.6g}" for number in numbers)]
        for column, cell in enumerate(cells):
            color = BLUE if column == len(HEADS) else INK
            yield WIDTH * column, row + 1.75, cell, color


def _foot(reading: Reading) -> Iterator[tuple[float, float, str, str]]:
    """The sum of all products, the finite difference, and the line of code."""
    shown, count = len(reading.largest), len(reading.places)
    top = shown + 2.6
    terms = "one product" if count == 1 else f"sum of {count:,} products"
    part = f" (the {shown} largest above)" if 1 < shown < count else ""
    yield 0, top + 0.3, f"gradient: {terms}{part}", INK
    yield LAST, top + 0.3, f"{reading.gradient:.9g}", BLUE
    yield 0, top + 1.2, "finite difference", INK
    numeric = "crosses a kink" if reading.numeric is None else f"{reading.numeric:.9g}"
    yield LAST, top + 1.2, numeric, ORANGE
    yield 0, top + 2.2, f"{reading.file}:{reading.line}", MUTED
    yield 0.3, top + 2.2, reading.code, INK
