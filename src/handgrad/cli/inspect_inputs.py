"""Options that the commands of `handgrad inspect` share, and printing of results."""

from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from handgrad.cli.options import DATA
from handgrad.errors import ConfigError

if TYPE_CHECKING:
    from handgrad.inspection import Result, Table

FigureFile = Annotated[
    Path | None,
    typer.Option(
        "--figure", metavar="FILE", help="File for the figure (.png or .svg)."
    ),
]
Run: TypeAlias = Annotated[Path, typer.Argument(help="Run folder of handgrad train.")]
MaybeRun: TypeAlias = Annotated[
    Path | None, typer.Argument(help="Run folder of handgrad train; optional.")
]
SplitName = Annotated[
    str | None,
    typer.Option(
        "--split",
        help="Split of the run: test, validation or train.",
        rich_help_panel=DATA,
    ),
]
DatasetName = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="NAME|PATH",
        help="Data set to use instead of that of the run.",
        show_default="digits without a run",
        rich_help_panel=DATA,
    ),
]
Count = Annotated[
    int,
    typer.Option("--images", help="Number of images.", rich_help_panel=DATA),
]
Image = Annotated[int, typer.Option("--image", help="Index of the image, from 0.")]
Numbers = Annotated[
    str, typer.Option(metavar="NUMBERS", help="Comma-separated numbers.")
]
ENDINGS = (".png", ".svg")
LARGEST = 2**31  # larger indices and depths are refused as typing errors


def numbers(option: str, text: str) -> list[float]:
    """Parse comma-separated finite numbers."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [nan]
    if not all(isfinite(value) for value in found):
        raise ConfigError(
            f"{option} takes comma-separated numbers, got {text!r}. "
            f"For example: {option} 1,2.5"
        )
    return found


def whole_numbers(option: str, text: str) -> list[int]:
    """Parse comma-separated integers."""
    found = numbers(option, text)
    if not all(value.is_integer() and abs(value) < LARGEST for value in found):
        raise ConfigError(
            f"{option} takes comma-separated integers, got {text!r}. "
            f"For example: {option} 1,2"
        )
    return [int(value) for value in found]


def check_figure(path: Path | None, option: str = "--figure") -> None:
    """ConfigError for an unsupported figure format, before any work is done."""
    if path is not None and path.suffix not in ENDINGS:
        raise ConfigError(
            f"{option} takes a file that ends in .png or .svg, got '{path}'. "
            f"For example: {option} {path.stem or 'figure'}.png"
        )


def finish(
    found: "Result",
    *,
    as_json: bool,
    figure: Path | None,
    table: "Table | None" = None,
) -> None:
    """Save the figure if requested; print the table of a result, or one JSON object."""
    from handgrad.cli.screens.console import say, say_json, show_parts

    if figure is not None:
        from handgrad.inspection.figures import save

        save(found.figure(), figure.with_suffix(""), formats=(figure.suffix[1:],))
    if as_json:
        say_json({**found.as_dict(), "figure": None if figure is None else str(figure)})
        return
    show_parts(found.table() if table is None else table)
    if figure is not None:
        say(f"\nFigure: {figure}")
