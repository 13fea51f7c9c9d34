"""`handgrad study`: run, resume and report the experiments of published reports."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.backends import Address, BackendName, Jobs
from handgrad.cli.command import Command
from handgrad.cli.options import DataDir, Json, Quiet, Workers, flag
from handgrad.docstrings import documented

if TYPE_CHECKING:
    from handgrad.studies.experiment import Size
    from handgrad.studies.ledger import Ledger
    from handgrad.studies.library import Study
    from handgrad.studies.trials import Cell

Name = Annotated[
    str, typer.Argument(help="Name of a study, or a folder or file of experiments.")
]
Rows = Annotated[
    str | None,
    typer.Option(help="Rows to select, comma-separated.", show_default="all"),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WORDS",
        help="Text that the names of the trials must contain, such as 'seed 0'; may be "
        "repeated.",
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(help="Folder of the trials.", show_default="studies/NAME"),
]

study = typer.Typer(
    name="study",
    help="Run studies and compare the results with published numbers.",
    no_args_is_help=True,
)


@study.command("list", cls=Command)
@documented
def list_all(as_json: Json = False) -> None:
    """List the built-in studies."""
    from handgrad.cli.screens import studies as screen
    from handgrad.studies.library import find, names

    screen.show_list([find(name) for name in names()], as_json=as_json)


@study.command(cls=Command)
@documented
def show(name: Name, rows: Rows = None, as_json: Json = False) -> None:
    """Show the experiments of a study: question, variants, published numbers."""
    from handgrad.cli.screens import studies as screen

    screen.show_study(chosen(name, rows), as_json=as_json)


@study.command(cls=Command)
@documented
def run(  # noqa: PLR0913 - a command's options are its arguments
    name: Name,
    quick: Annotated[
        bool,
        flag("--quick", says="Small size, enough for the findings (the default)."),
    ] = False,
    full: Annotated[bool, flag("--full", says="The published size.")] = False,
    rows: Rows = None,
    only: Only = None,
    jobs: Jobs = None,
    workers: Workers = None,
    backend: BackendName = "local",
    address: Address = None,
    retry: Annotated[
        bool, flag("--retry", says="Run failed and crashed trials again.")
    ] = False,
    folder: Folder = None,
    data_dir: DataDir = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run the missing trials of a study, then print its findings.

    A stopped study resumes where it was. The exit code is 1 if a trial failed or a
    finding does not hold. With --backend dask, the trials run on the workers of a Dask
    scheduler; the folder must be on a file system that all of them share.
    """
    from handgrad.cli.backends import opened
    from handgrad.cli.screens.studies import follow
    from handgrad.studies.ledger import Ledger
    from handgrad.studies.library import matching
    from handgrad.studies.runner import missing, run_on

    found, size = chosen(name, rows), _size(quick=quick, full=full)
    data_dir = data_dir or found.data_dir
    where = opened(backend, address, jobs=jobs, workers=workers, data_dir=data_dir)
    ledger = Ledger(folder or Path("studies") / found.name)
    look_at_data(matching(found.cells(size), only or []), ledger, data_dir, quiet=quiet)
    cells = matching(found.on(ledger).cells(size), only or [])
    to_do = missing(cells, ledger, retry=retry)
    load_data(to_do, data_dir, quiet=quiet)
    events = run_on(where, cells, ledger, retry=retry)
    is_right = follow(
        found, size, ledger, events, cells, to_do, quiet=quiet, as_json=as_json
    )
    if not is_right:
        raise typer.Exit(1)


@study.command(cls=Command)
@documented
def status(
    name: Name, rows: Rows = None, folder: Folder = None, as_json: Json = False
) -> None:
    """Show how many trials are done, and which failed and why."""
    from handgrad.cli.screens import studies as screen
    from handgrad.studies.ledger import Ledger

    found = chosen(name, rows)
    ledger = Ledger(folder or Path("studies") / found.name)
    screen.show_status(found, ledger, as_json=as_json)


@study.command(cls=Command)
@documented
def report(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Name of a study, or a folder or file of experiments.",
            show_default="all studies",
        ),
    ] = None,
    everything: Annotated[
        bool, flag("--all", says="Report all studies, with an index.html.")
    ] = False,
    rows: Rows = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the trials.",
            show_default="studies/NAME, or studies for all of them",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a report of published and reproduced numbers: HTML, Markdown, JSON."""
    from handgrad.cli.screens.console import say, say_json

    if name is None or everything:
        made = _report_all(name, rows, folder)
        words = f"All studies are in {made['index']}."
    else:
        made = _report_one(name, rows, folder)
        words = (
            f"The report is {made['html']}; its tables are also in {made['markdown']} "
            f"and {made['json']}."
        )
    if as_json:
        say_json(made)
    else:
        say(words)


def _report_one(name: str, rows: str | None, folder: Path | None) -> dict[str, Any]:
    from handgrad.errors import RunError
    from handgrad.reports import write_report
    from handgrad.studies.ledger import Ledger

    found = chosen(name, rows)
    ledger = Ledger(folder or Path("studies") / found.name)
    if not ledger.folder.is_dir():
        raise RunError(
            f"{ledger.folder} does not exist: no trials of {found.name} were run. "
            f"Start with: handgrad study run {name}"
        )
    made = write_report(found, ledger, asked=name)
    return {part: str(path) for part, path in made.items()}


def _report_all(
    name: str | None, rows: str | None, folder: Path | None
) -> dict[str, Any]:
    from handgrad.errors import ConfigError, RunError
    from handgrad.reports import write_index

    if name is not None or rows is not None:
        extra = f"the name {name}" if name is not None else "--rows"
        raise ConfigError(
            f"handgrad study report of all studies takes only --folder, got {extra}. "
            "Remove it, or report a single study by name, without --all."
        )
    root = folder or Path("studies")
    if not root.is_dir():
        raise RunError(
            f"{root} does not exist: no study was run here. Start with: "
            "handgrad study run csci581-a"
        )
    index, pages = write_index(root)
    return {"index": str(index), "reports": [str(path) for path in pages]}


def chosen(name: str, rows: str | None) -> "Study":
    """Find a study, restricted to the rows that were selected."""
    from handgrad.studies.library import find

    found = find(name)
    if rows is None:
        return found
    return found.only([row.strip() for row in rows.split(",") if row.strip()])


def _size(*, quick: bool, full: bool) -> "Size":
    from handgrad.errors import ConfigError

    if quick and full:
        raise ConfigError(
            "handgrad study run takes --quick or --full, got both. Remove one of them."
        )
    return "full" if full else "quick"


def look_at_data(
    cells: "list[Cell]", ledger: "Ledger", data_dir: Path | None, *, quiet: bool
) -> None:
    """Read the checksums of the data: trials on other content do not count."""
    from handgrad.cli.screens.loading import loading
    from handgrad.studies.contents import look

    with loading(quiet=quiet) as progress:
        look((cell.trial for cell in cells), ledger, data_dir, progress)


def load_data(cells: "list[Cell]", data_dir: Path | None, *, quiet: bool) -> None:
    """Check that all data is present before any trial starts, or download it."""
    from handgrad.cli.screens.loading import loading
    from handgrad.studies.contents import load_all

    with loading(quiet=quiet) as progress:
        load_all((cell.trial for cell in cells), data_dir, progress)
