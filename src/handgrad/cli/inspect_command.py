"""One command of `handgrad inspect`: its declaration, and what all commands do."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import Signature
from pathlib import Path
from typing import Any

from handgrad.cli.inspect_options import CsvFile, FigureFile, Option, PageFile, option
from handgrad.cli.options import Json
from handgrad.errors import ConfigError

ENDINGS = (".png", ".svg")


@dataclass(frozen=True)
class Inspection:
    """A command that calls the function of `handgrad.inspection` of the same name.

    `help` is its help text. `options` set arguments of the function, `of_table` those
    of its result's `table`. With `has_files` the result can be written as CSV and as a
    page, and with `announces` the function takes `announce`, which prints what it is
    doing.
    """

    function: str
    help: str
    options: tuple[Option, ...]
    of_table: tuple[Option, ...] = ()
    has_files: bool = False
    announces: bool = False

    @property
    def name(self) -> str:
        """The name of the command."""
        return self.function.replace("_", "-")

    def command(self) -> Callable[..., None]:
        """A function that runs the command, with the signature that typer reads."""

        def run(figure: Path | None, as_json: bool, **given: Any) -> None:
            self.run(figure, as_json=as_json, given=given)

        made: Any = run
        made.__signature__ = Signature([one.parameter for one in self._parameters()])
        found: Callable[..., None] = made
        return found

    def run(self, figure: Path | None, *, as_json: bool, given: dict[str, Any]) -> None:
        """Measure; save the figure if requested; print the table or a JSON object."""
        check_figure(figure)
        targets = {
            name: file_target(f"--{name}", path)
            for name in ("csv", "page")
            if (path := given.pop(name, None)) is not None
        }
        arguments = self._arguments(self.options, given)
        of_table = self._arguments(self.of_table, given)
        from handgrad import inspection
        from handgrad.cli.screens.console import say, say_json, show_parts

        if self.announces:
            arguments["announce"] = partial(say, stderr=True)
        found = getattr(inspection, self.function)(**arguments)
        for kind, target in targets.items():
            _write(kind, target, found)
        if figure is not None:
            from handgrad.inspection.figures import save

            save(found.figure(), figure.with_suffix(""), formats=(figure.suffix[1:],))
        if as_json:
            name = None if figure is None else str(figure)
            say_json({**found.as_dict(), "figure": name})
            return
        show_parts(found.table(**of_table))
        if figure is not None:
            say(f"\nFigure: {figure}")

    def _parameters(self) -> tuple[Option, ...]:
        figure, as_json = option("figure", FigureFile), option("as_json", Json, False)
        files = (option("csv", CsvFile), option("page", PageFile))
        own = files if self.has_files else ()
        return (*self.options, *self.of_table, *own, figure, as_json)

    def _arguments(
        self, options: tuple[Option, ...], given: dict[str, Any]
    ) -> dict[str, Any]:
        """The arguments of the function, or of the table, by name."""
        command = f"handgrad inspect {self.name}"
        return {
            one.argument: one.read(command, given[one.parameter.name])
            for one in options
        }


def _write(kind: str, target: Path, found: Any) -> None:
    """Write a result as CSV or as a page."""
    from handgrad.training.atomic import write_file

    if kind == "csv":
        write_file(target, found.csv().encode())
        return
    from handgrad.reports.suspects_page import suspects_page

    write_file(target, suspects_page(found).encode())


def file_target(name: str, path: Path) -> Path:
    """The file to write to; ConfigError if its folder does not exist."""
    from handgrad.paths import target_of

    target = target_of(path)
    if not target.parent.is_dir():
        raise ConfigError(
            f"{name} writes to {path}, but its folder does not exist. Create the "
            "folder, or give another path."
        )
    return target


def check_figure(path: Path | None, name: str = "--figure") -> None:
    """ConfigError for an unsupported figure format, before any work is done."""
    if path is not None and path.suffix not in ENDINGS:
        raise ConfigError(
            f"{name} takes a file that ends in .png or .svg, got '{path}'. "
            f"For example: {name} {path.stem or 'figure'}.png"
        )
