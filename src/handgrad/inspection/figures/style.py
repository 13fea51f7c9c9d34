"""The common style of all figures: colours, minimal axes, and reproducible files."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from textwrap import wrap

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from handgrad.errors import ResourceError
from handgrad.free_memory import FULL
from handgrad.inspection.figures.fonts import drawable, numbered, use_fonts
from handgrad.paths import path_of, target_of
from handgrad.text import one_line, printable
from handgrad.training.atomic import create_folder, put_file

INK = "#1f2933"
MUTED = "#66727f"
GRID = "#e6e9ed"
EMPTY = "#f5f6f8"
BLUE = "#1f5fa8"  # validation, correct predictions
PALE = "#8aa4c0"  # training
ORANGE = "#d9622b"  # mistakes, highlights

TITLE_SIZE = 12
TEXT_SIZE = 9
DOTS_PER_INCH = 150
MARGIN = 0.15  # inches around a saved figure


class DisplayedFigure(Figure):
    """A figure that notebooks display even if pyplot is not imported."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure with the fonts that its characters need."""
        use_fonts(self)
        super().draw(renderer)

    def _repr_png_(self) -> bytes:
        return png(self)


def new_figure(width: float, height: float) -> Figure:
    """A white figure with the given size in inches, rendered in memory by Agg."""
    figure = DisplayedFigure(
        figsize=(width, height), facecolor="white", layout="constrained"
    )
    FigureCanvasAgg(figure)
    return figure


def title(axes: Axes, text: str, note: str = "") -> None:
    """Write a title at the left edge, with a note in grey below it."""
    axes.set_title(
        plain(text), loc="left", color=INK, fontsize=TITLE_SIZE, pad=22 if note else 10
    )
    if note:
        axes.annotate(
            plain(note),
            xy=(0, 1),
            xytext=(0, 7),
            xycoords="axes fraction",
            textcoords="offset points",
            color=MUTED,
            fontsize=TEXT_SIZE,
        )


def quiet(axes: Axes, *, grid: bool = False) -> None:
    """Remove frame and tick marks, and grey the labels: few on a logarithmic axis."""
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.tick_params(which="both", length=0, labelcolor=MUTED, labelsize=TEXT_SIZE)
    for axis in (axes.xaxis, axes.yaxis):
        if isinstance(axis.get_major_locator(), LogLocator):
            _label_logarithmic(axis)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis="y", color=GRID, linewidth=1)


def _label_logarithmic(axis: Axis) -> None:
    """Label powers of ten, or 1, 2 and 5 times them where at most one is in view."""
    axis.set_minor_formatter(NullFormatter())
    low, high = np.log10(sorted(axis.get_view_interval()))
    if np.floor(high) - np.ceil(low) < 1:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def save(
    figure: Figure,
    path: str | Path,
    *,
    formats: Sequence[str] = ("png",),
    root: Path | None = None,
) -> list[Path]:
    """Write the figure to `path` in each format; each file is written atomically.

    Below `root`, such as a run folder, no folder may be a symbolic link (RunError).

    Example
        save(curves(...), run / "figures" / "curves", formats=("png", "svg"))
    """
    base = path_of("save", "path", path)
    written = []
    for ending in formats:
        target = base.with_name(f"{base.name}.{ending}")
        place = target_of(target) if root is None else target
        try:
            create_folder(base.parent, root)
            put_file(place, _drawn(figure, ending), root)
        except OSError as error:
            advice = FULL.get(error.errno or 0, "Make its folder writable")
            raise ResourceError(
                f"The figure {target} cannot be written: {error.strerror}. {advice}, "
                "or give another path."
            ) from error
        written.append(target)
    return written


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file."""
    return _drawn(figure, "png")


def plain(text: str) -> str:
    """Text that matplotlib draws literally: a dollar sign does not start a formula.

    Characters that no font has are written as code points.
    """
    return drawable(printable(text).expandtabs(4)).replace("$", r"\$")


def class_labels(
    names: Sequence[str], most: int = 24, across: int | None = None
) -> list[str]:
    """The names of all classes as `plain` text of at most `most` characters.

    With `across`, they are broken into lines of so many characters.
    """
    shown = numbered([one_line(name) for name in names])
    cut = [n if len(n) <= most else n[: most - 1] + "…" for n in shown]
    return [plain("\n".join(wrap(n, across)) if across else n) for n in cut]


def _drawn(figure: Figure, ending: str) -> bytes:
    """The bytes of one file; a fixed salt and no date make an SVG reproducible."""
    buffer = BytesIO()
    metadata = {"Date": None} if ending == "svg" else {}
    with mpl.rc_context({"svg.hashsalt": "handgrad"}):
        figure.savefig(
            buffer,
            format=ending,
            dpi=DOTS_PER_INCH,
            metadata=metadata,
            bbox_inches="tight",
            pad_inches=MARGIN,
        )
    return buffer.getvalue()
