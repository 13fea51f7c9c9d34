"""The options that commands share, and reading `--set NAME=VALUE`."""

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
    """An option that is there or not: its help names no type."""
    return typer.Option(*names, help=says, metavar="", rich_help_panel=panel)


Json = Annotated[bool, flag("--json", says="Print one JSON object as the last line.")]
Quiet = Annotated[bool, flag("--quiet", "-q", says="Only the result, no progress.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="An option of the model, such as activation=relu; may be repeated.",
        rich_help_panel=MODEL,
    ),
]
ImageSize = Annotated[
    int | None,
    typer.Option(
        help="Resize images to this many pixels a side.", rich_help_panel=DATA
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        help="Threads of the cpu engine; any number gives the same bits.",
        rich_help_panel=RUN,
    ),
]
LabelFrom = Annotated[
    str | None,
    typer.Option(
        metavar="WHAT",
        help="Where the class is: name (the file's), folder, a column, fine or coarse.",
        rich_help_panel=DATA,
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(help="The only folder searched for data sets.", rich_help_panel=DATA),
]

SkipBad = Annotated[
    bool,
    flag(
        "--skip-bad",
        says="Leave out pictures that cannot be read, and list them.",
        panel=DATA,
    ),
]


def parse_settings(assignments: Sequence[str]) -> Settings:
    """Read `activation=relu` and `optimizer.beta1=0.8` into sections and names.

    A name without a section belongs to the model. A value is read as TOML where it is
    TOML (`true`, `0.5`, `[3, 5]`), commas make a list (`3,5` or `256,`), and anything
    else is a word.

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
                "Write it like --set activation=relu."
            )
        section = section if dot else "model"
        if section not in SECTIONS:
            raise unknown_name("section of the configuration", section, SECTIONS)
        settings.setdefault(section, {})[option] = parse_value(text.strip())
    return settings


def parse_value(text: str) -> Any:
    """One value: TOML, a number such as .5 or 5., a list by commas, or a word."""
    if NUMBER.fullmatch(text):
        return float(text)
    try:
        read = parse_toml(f"value = {text}")
    except ValueError:
        read = {}
    if read.keys() == {"value"}:  # a line break in the text could bring other names
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
            f"{command} takes --set for the model only, got {others[0]}. "
            "Leave that one out, or use it with handgrad train."
        )
    return dict(settings.get("model", {}))
