"""Options that the commands of `handgrad inspect` share, and parsing of their values.

An `Option` names the argument of the Python function that it sets.
"""

from collections.abc import Callable, Sequence
from copy import copy
from inspect import Parameter
from math import isfinite, nan
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeAlias, get_args

import typer

from handgrad.cli.options import (
    DATA,
    DataDir,
    Fit,
    ImageSize,
    Set,
    flag,
    parse_settings,
    refuse_sections,
)
from handgrad.errors import ConfigError
from handgrad.ranges import check_at_least
from handgrad.starting_points import NAMES

Parse: TypeAlias = Callable[[str, str], Sequence[float]]  # option, its text
Read: TypeAlias = Callable[[str, Any], Any]  # name of the command, value -> argument
REQUIRED = Parameter.empty
LARGEST = 2**31  # larger indices and depths are refused as typing errors


def parse_numbers(name: str, text: str) -> list[float]:
    """Parse comma-separated finite numbers."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [nan]
    if not all(isfinite(value) for value in found):
        raise ConfigError(
            f"{name} takes comma-separated numbers, got {text!r}. "
            f"For example: {name} 1,2.5"
        )
    return found


def parse_integers(name: str, text: str) -> tuple[int, ...]:
    """Parse comma-separated integers."""
    found = parse_numbers(name, text)
    if not all(value.is_integer() and abs(value) < LARGEST for value in found):
        raise ConfigError(
            f"{name} takes comma-separated integers, got {text!r}. "
            f"For example: {name} 1,2"
        )
    return tuple(map(int, found))


class Option(NamedTuple):
    """A parameter of a command, and the argument of a function that it sets.

    `read` converts the value, given the name of the command for its errors.
    """

    parameter: Parameter
    argument: str
    read: Read


def as_given(command: str, value: Any) -> Any:
    """The value itself."""
    return value


def option(
    name: str,
    kind: Any,
    default: Any = None,
    *,
    argument: str = "",
    read: Read = as_given,
) -> Option:
    """A parameter of a command; `kind` is its type, annotated for typer.

    `argument` is the name of the function's argument if it differs.
    """
    keyword = Parameter.KEYWORD_ONLY
    parameter = Parameter(name, keyword, default=default, annotation=kind)
    return Option(parameter, argument or name, read)


def value(name: str, default: Any, says: str, read: Read = as_given) -> Option:
    """An option of the type of its default, which its help shows."""
    kind, info = type(default), typer.Option(help=says)
    return option(name, Annotated[kind, info], default, read=read)


def count(name: str, default: int, says: str) -> Option:
    """An integer of at least 1."""

    def read(command: str, number: int) -> int:
        check_at_least(command, f"--{name}", number, 1)
        return number

    return value(name, default, says, read)


def numbers(name: str, default: str, parse: Parse = parse_numbers) -> Option:
    """Comma-separated numbers."""

    def read(command: str, text: str) -> Sequence[float]:
        return parse(f"--{name}", text)

    return option(name, Listed, default, read=read)


def unset(one: Option) -> Option:
    """The option, None unless given; its help shows the default of the function."""
    kind, info = get_args(one.parameter.annotation)
    info = copy(info)
    info.show_default = str(one.parameter.default)

    def read(command: str, value: Any) -> Any:
        return None if value is None else one.read(command, value)

    parameter = one.parameter.replace(
        default=None, annotation=Annotated[kind | None, info]
    )
    return Option(parameter, one.argument, read)


def known_network(command: str, name: str) -> str:
    """The name of a network; ConfigError if it is unknown."""
    from handgrad.catalog import find
    from handgrad.training.model_names import check_not_trained

    check_not_trained(name)
    find("model", name)
    return name


def network_or_settings(command: str, name: str) -> str:
    """The name of a network or of a TOML file; ConfigError if it is unknown."""
    return name if name.endswith(".toml") else known_network(command, name)


def of_model(command: str, given: list[str] | None) -> dict[str, Any]:
    """The options of the model; ConfigError for options of other sections."""
    return refuse_sections(parse_settings(given or []), command)


def square(command: str, side: int | None) -> tuple[int, int] | None:
    """The height and width of a side length; ConfigError if it is below 1."""
    if side is None:
        return None
    check_at_least(command, "--image-size", side, 1)
    return side, side


Epochs = Annotated[
    int | None,
    typer.Option(help="Epochs of each network.", show_default="as many as the run"),
]
Side = Annotated[
    int | None,
    typer.Option(help="Side of the squares, in pixels.", show_default="a quarter"),
]
Stride = Annotated[
    int | None,
    typer.Option(help="Pixels between squares.", show_default="a quarter of --side"),
]
Listed = Annotated[
    str, typer.Option(metavar="NUMBERS", help="Comma-separated numbers.")
]
Run = Annotated[Path, typer.Argument(help="Run folder of handgrad train.")]
MaybeRun = Annotated[
    Path | None, typer.Argument(help="Run folder of handgrad train; optional.")
]
Network = Annotated[str, typer.Argument(help="Name of a network: see handgrad models.")]
NetworkOrFile = Annotated[
    str, typer.Argument(help="Name of a network, or a file such as config.toml.")
]
OPTIMIZERS = f"{NAMES}."
Optimizer = Annotated[str | None, typer.Option(help=OPTIMIZERS, show_default="sgd")]
Names = Annotated[
    list[str] | None, typer.Argument(help="Names of activations.", show_default="all")
]
Layer = Annotated[
    str, typer.Option(help="Name of the layer, such as linear_1 or conv2d_2.")
]
Index = Annotated[
    str, typer.Option(metavar="INDEX", help="Index of the weight, such as 3,17.")
]
Values = Annotated[
    bool, flag("--values", says="Print the top left corner of each matrix.")
]
ImageCount = Annotated[
    int, typer.Option(help="Number of images.", rich_help_panel=DATA)
]
SplitName = Annotated[
    str | None,
    typer.Option(
        help="Split of the run: test, validation or train.", rich_help_panel=DATA
    ),
]
DatasetName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|PATH",
        help="Data set to use instead of that of the run.",
        show_default="digits without a run",
        rich_help_panel=DATA,
    ),
]
CsvFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="CSV file for all findings.")
]
PageFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="HTML page of all findings.")
]
FigureFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="File for the figure (.png or .svg)."),
]

RUN = option("run", Run, REQUIRED, argument="subject")
MAYBE_RUN = option("run", MaybeRun, argument="subject")
SEED = value("seed", 0, "Seed of the random numbers.")
IMAGE = value("image", 0, "Index of the image, from 0.")
IMAGES = option("images", ImageCount, 64, argument="count")
DATASET = option("dataset", DatasetName)
DATA_DIR = option("data_dir", DataDir)
WHERE = (option("split", SplitName), DATASET, DATA_DIR)
SETTINGS = option("settings", Set, argument="options", read=of_model)
IMAGE_SIZE = option("image_size", ImageSize, read=square)
FIT = option("fit", Fit)
