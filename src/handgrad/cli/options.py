"""The options that commands share, and parsing of `--set NAME=VALUE`."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, TypeAlias, get_args

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


def _as_it_is(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


@dataclass(frozen=True)
class Option:
    """An option, and the setting of a run that it gives.

    `setting` is the dotted name of a key of the configuration, or empty, and `read`
    converts the option's value to that of the key. `kind` is the type of the value, or
    without help (`says`) the whole annotation, for an option that other commands share.
    `default` is the one in the help.
    """

    setting: str
    kind: Any
    says: str = ""
    default: str | bool = True
    metavar: str | None = None
    read: Callable[[Any], Any] = _as_it_is

    def annotation(self, name: str, panel: str) -> Any:
        """The annotation of the argument of this `name`, as typer reads it."""
        if not self.says:
            return self.kind
        annotated: Any = Annotated
        if self.kind is bool:
            its_name = f"--{name.replace('_', '-')}"
            return annotated[bool, flag(its_name, says=self.says, panel=panel)]
        info = option(self.says, panel, default=self.default, metavar=self.metavar)
        return annotated[self.kind | None, info]

    def parameter(self, name: str, panel: str) -> Parameter:
        """The parameter of a command; its value is None or False unless it is given."""
        annotation = self.annotation(name, panel)
        default = False if get_args(annotation)[0] is bool else None
        kind = Parameter.POSITIONAL_OR_KEYWORD
        return Parameter(name, kind, default=default, annotation=annotation)

    @property
    def place(self) -> tuple[str, str]:
        """The table and key of the setting; the table is "" at the top level."""
        table, _, key = self.setting.rpartition(".")
        return table, key


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
Fit = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="Resizing of images with another aspect ratio: crop (the centre), pad or "
        "stretch.",
        show_default="crop",
        rich_help_panel=DATA,
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

    A name without a section belongs to the model; each is given once. A value is parsed
    as TOML if possible (`true`, `0.5`, `[3, 5]`), commas make a list (`3,5` or `256,`),
    and anything else is a string.

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
        options = settings.setdefault(section, {})
        if option in options:
            raise ConfigError(f"--set {section}.{option} is repeated. Give it once.")
        options[option] = parse_value(text.strip())
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
