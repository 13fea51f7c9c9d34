"""The options that commands share, and parsing of `--set NAME=VALUE`."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from handgrad.errors import ConfigError, unknown_name
from handgrad.parsing import parse_toml

NUMBER = re.compile(r"[+-]?(\d+\.|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
RUN = "Run"
TRAINING = "Training"
DATA = "Data"
MODEL = "Model"

Settings: TypeAlias = dict[str, dict[str, Any]]  # section -> name -> value

SECTIONS = (
    "model",
    "loss",
    "optimizer",
    "schedule",
    "training",
    "prediction",
    "dataset",
)


def flag(*names: str, says: str, panel: str | None = None) -> Any:
    """A boolean option, without a type in its help text."""
    return typer.Option(*names, help=says, metavar="", rich_help_panel=panel)


def option(
    says: str,
    panel: str | None = None,
    *,
    name: str | None = None,
    default: str | bool = True,
    metavar: str | None = None,
) -> Any:
    """An option that is None if it is not given; `default` is shown in its help."""
    return typer.Option(
        *([name] if name else []),
        help=says,
        show_default=default,
        metavar=metavar,
        rich_help_panel=panel,
    )


Json = Annotated[bool, flag("--json", says="Print one JSON object as the last line.")]
Quiet = Annotated[bool, flag("--quiet", "-q", says="Print only the result.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Option of the model, such as activation=relu; may be repeated.",
        rich_help_panel=MODEL,
    ),
]
ImageSize = Annotated[
    int | None,
    typer.Option(
        help="Side length to resize images to, in pixels.", rich_help_panel=DATA
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        help="Threads of the cpu engine; bit-identical results for any number.",
        rich_help_panel=RUN,
    ),
]
LabelFrom = Annotated[
    str | None,
    typer.Option(
        metavar="WHAT",
        help="Source of the labels: name (of the file), folder, a column, fine or "
        "coarse.",
        rich_help_panel=DATA,
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Folder of data sets, the only one searched.", rich_help_panel=DATA
    ),
]

SkipBad = Annotated[
    bool,
    flag(
        "--skip-bad",
        says="Skip images that cannot be read, and list them.",
        panel=DATA,
    ),
]


def parse_settings(assignments: Sequence[str]) -> Settings:
    """Parse `activation=relu` and `optimizer.beta1=0.8` into sections and names.

    A name without a section belongs to the model. A value is parsed as TOML if possible
    (`true`, `0.5`, `[3, 5]`), commas make a list (`3,5` or `256,`), and anything else
    is a string.

    Example
        parse_settings(["pooling=max", "hidden_sizes=256,128"])
        == {"model": {"pooling": "max", "hidden_sizes": [256, 128]}}
    """
    settings: Settings = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        section, dot, option = name.strip().rpartition(".")
        if not equals or not option:
            raise ConfigError(
                f"--set takes NAME=VALUE, got {assignment!r}. "
                "For example: --set activation=relu"
            )
        section = section if dot else "model"
        if section not in SECTIONS:
            raise unknown_name("section of the configuration", section, SECTIONS)
        settings.setdefault(section, {})[option] = parse_value(text.strip())
    return settings


def parse_value(text: str) -> Any:
    """Parse a value: TOML, a number such as .5 or 5., a list by commas, or a string."""
    if NUMBER.fullmatch(text):
        return float(text)
    try:
        read = parse_toml(f"value = {text}")
    except ValueError:
        read = {}
    if read.keys() == {"value"}:  # a line break in the text could add other keys
        return read["value"]
    if "," in text:
        parts = text.removesuffix(",").split(",")
        return [parse_value(part.strip()) for part in parts]
    return text


def refuse_sections(settings: Mapping[str, Any], command: str) -> dict[str, Any]:
    """The model's settings; ConfigError if other sections were set as well."""
    others = [section for section in settings if section != "model"]
    if others:
        raise ConfigError(
            f"{command} takes --set for the model only, got an option of {others[0]}. "
            "Remove it, or use handgrad train."
        )
    return dict(settings.get("model", {}))
