"""One command of `handgrad inspect`: its declaration, and what all commands do."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import Signature
from pathlib import Path
from typing import Any, get_args

from handgrad.cli.inspect_options import CsvFile, FigureFile, Option, PageFile, option
from handgrad.cli.options import Json
from handgrad.cli.output_files import check_apart, check_figure, file_target
from handgrad.errors import ConfigError

ENDINGS = {"csv": ".csv", "page": ".html"}


@dataclass(frozen=True)
class Inspection:
    """A command that calls the function of `handgrad.inspection` of the same name.

    `help` is its help text. `options` set arguments of the function, `of_table` those
    of its result's `table`. With `has_files` the result can be written as CSV and as a
    page, and with `announces` the function takes `announce`, which prints what it is
    doing. `of_named` holds defaults that apply to a network given by name, not to one
    of a TOML file.
    """

    function: str
    help: str
    options: tuple[Option, ...]
    of_table: tuple[Option, ...] = ()
    has_files: bool = False
    announces: bool = False
    of_named: tuple[tuple[str, Any], ...] = ()

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
        """Measure, write the requested files, and print the table or a JSON object.

        A file that cannot be written does not keep the result from being printed.
        """
        check_figure(figure)
        if as_json:
            self._check_no_table(given)
        targets = {
            name: file_target(f"--{name}", path, ENDINGS[name])
            for name in ("csv", "page")
            if (path := given.pop(name, None)) is not None
        }
        for name, path in targets.items():
            check_apart(f"--{name}", path, given.get("run"))
        arguments = self._arguments(self.options, given)
        for name, default in self.of_named:
            if arguments[name] is None and not arguments["model"].endswith(".toml"):
                arguments[name] = default
        of_table = self._arguments(self.of_table, given)
        from handgrad import inspection
        from handgrad.cli.screens.console import say, say_json, show_parts

        if self.announces:
            arguments["announce"] = partial(say, stderr=True)
        found = getattr(inspection, self.function)(**arguments)
        saved = None
        try:
            for kind, target in targets.items():
                _write(kind, target, found)
            if figure is not None:
                from handgrad.inspection.figures import save

                base, ending = figure.with_suffix(""), figure.suffix[1:]
                save(found.figure(), base, formats=(ending,))
                saved = str(figure)
        finally:
            if as_json:
                say_json({**found.as_dict(), "figure": saved})
            else:
                show_parts(found.table(**of_table))
        if saved and not as_json:
            say()
            say(f"Figure: {saved}")

    def _check_no_table(self, given: dict[str, Any]) -> None:
        """ConfigError for an option of the table, which --json does not print."""
        for one in self.of_table:
            if given[one.parameter.name] != one.parameter.default:
                option = get_args(one.parameter.annotation)[1].default
                raise ConfigError(
                    f"{option} adds to the table of handgrad inspect {self.name}, "
                    f"which --json replaces. Give {option} or --json."
                )

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
