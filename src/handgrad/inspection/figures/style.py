"""One look for all figures: colours, quiet axes, and files that repeat to the bit."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from handgrad.errors import ResourceError
from handgrad.inspection.figures.fonts import drawable, numbered, use_fonts
from handgrad.paths import path_of, target_of
from handgrad.text import printable
from handgrad.training.atomic import create_folder, put_file

INK = "#1f2933"
MUTED = "#66727f"
GRID = "#e6e9ed"
EMPTY = "#f5f6f8"
BLUE = "#1f5fa8"  # validation, what is right
PALE = "#8aa4c0"  # training
ORANGE = "#d9622b"  # what is wrong, what to look at

TITLE_SIZE = 12
TEXT_SIZE = 9
DOTS_PER_INCH = 150
MARGIN = 0.15  # inches around a saved figure


class DisplayedFigure(Figure):
    """A figure that a notebook shows, whether pyplot has been imported or not."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw it, with the fonts that its letters need."""
        use_fonts(self)
        super().draw(renderer)

    def _repr_png_(self) -> bytes:
        return png(self)


def new_figure(width: float, height: float) -> Figure:
    """A white figure of that size in inches, drawn by Agg into memory."""
    figure = DisplayedFigure(
        figsize=(width, height), facecolor="white", layout="constrained"
    )
    FigureCanvasAgg(figure)
    return figure


def title(axes: Axes, text: str, note: str = "") -> None:
    """A title at the left edge, with a quieter note under it."""
    axes.set_title(
        plain(text), loc="left", color=INK, fontsize=TITLE_SIZE, pad=22 if note else 10
    )
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
    """Take away what carries no information: frame, tick marks, dark labels."""
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.tick_params(length=0, labelcolor=MUTED, labelsize=TEXT_SIZE)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis="y", color=GRID, linewidth=1)


def save(
    figure: Figure,
    path: str | Path,
    *,
    formats: Sequence[str] = ("png",),
    root: Path | None = None,
) -> list[Path]:
    """Write the figure as `path` with each ending; never leave half a file.

    Below `root`, such as a run folder, no folder may be a link (RunError).

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
            raise ResourceError(
                f"The picture {target} cannot be written: {error.strerror}. "
                "Give a folder that can be written and has room."
            ) from error
        written.append(target)
    return written


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file."""
    return _drawn(figure, "png")


def plain(text: str) -> str:
    """Text that matplotlib draws letter by letter: a dollar sign begins no formula.

    Letters that no font has are code points.
    """
    return drawable(printable(text)).replace("$", r"\$")


def class_labels(names: Sequence[str], most: int = 24) -> list[str]:
    """The names of all classes as `plain` text of up to so many letters."""
    cut = (n if len(n) <= most else n[: most - 1] + "…" for n in numbered(names))
    return [plain(name) for name in cut]


def _drawn(figure: Figure, ending: str) -> bytes:
    """One picture; without a fixed salt and date, an SVG would never repeat."""
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
