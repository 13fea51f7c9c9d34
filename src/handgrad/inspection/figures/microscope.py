"""The factors of one gradient as a table."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.inspection.figures.style import (
    BLUE,
    EMPTY,
    GRID,
    INK,
    MUTED,
    ORANGE,
    TEXT_SIZE,
    TITLE_SIZE,
    new_figure,
)
from handgrad.inspection.reading import Reading


def microscope(reading: Reading) -> Figure:
    """The factors of the largest products, the sum of all, and the check."""
    shown = reading.largest
    figure = new_figure(9.2, 2.6 + 0.36 * len(shown))
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    rows = len(shown) + 6
    axes.set_ylim(rows, -1.6)
    place = ", ".join(map(str, reading.index))
    _write(
        axes, 0, -1.1, f"{reading.layer}.{reading.parameter}[{place}]", INK, bold=True
    )
    _write(
        axes,
        0,
        -0.35,
        f"= {reading.value:.6g}; image {reading.sample}, loss {reading.loss:.6g}",
        MUTED,
    )
    heads = (
        "output",
        "forward value",
        "upstream gradient",
        "local derivative",
        "product",
    )
    for column, head in enumerate(heads):
        _write(axes, 0.2 * column, 0.8, head, MUTED)
    for row, found in enumerate(shown):
        numbers = (found.forward, found.upstream, found.local, found.product)
        cells = [str(list(found.output)), *(f"{number:.6g}" for number in numbers)]
        axes.axhspan(row + 1.3, row + 2.2, color=EMPTY if row % 2 == 0 else "white")
        for column, cell in enumerate(cells):
            _write(axes, 0.2 * column, row + 1.75, cell, BLUE if column == 4 else INK)
    _foot(axes, reading, len(shown))
    return figure


def _foot(axes: Axes, reading: Reading, shown: int) -> None:
    """Draw the sum of all products, the finite difference, and the line of code."""
    top = shown + 2.6
    axes.axhline(top - 0.2, color=GRID)
    count = len(reading.places)
    terms = "one product" if count == 1 else f"sum of {count:,} products"
    summed = f"gradient: {terms}"
    if 1 < shown < count:
        summed += f" (the {shown} largest above)"
    _write(axes, 0, top + 0.3, summed, INK)
    _write(axes, 0.8, top + 0.3, f"{reading.gradient:.9g}", BLUE)
    _write(axes, 0, top + 1.2, "finite difference", INK)
    numeric = "crosses a kink" if reading.numeric is None else f"{reading.numeric:.9g}"
    _write(axes, 0.8, top + 1.2, numeric, ORANGE)
    _write(axes, 0, top + 2.2, f"{reading.file}:{reading.line}", MUTED)
    axes.text(
        0.3,
        top + 2.2,
        reading.code,
        color=INK,
        fontsize=TEXT_SIZE,
        family="monospace",
        va="center",
    )


def _write(
    axes: Axes, left: float, top: float, text: str, color: str, *, bold: bool = False
) -> None:
    size = TITLE_SIZE if bold else TEXT_SIZE + 1
    axes.text(left, top, text, color=color, fontsize=size, va="center")
