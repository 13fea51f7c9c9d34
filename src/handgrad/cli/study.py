"""`handgrad study`: the experiments of the reports, run, resumed and held up."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.backends import Address, BackendName, Jobs
from handgrad.cli.options import DataDir, Json, Quiet, Workers, flag
from handgrad.docstrings import documented

if TYPE_CHECKING:
    from handgrad.studies.experiment import Size
    from handgrad.studies.ledger import Ledger
    from handgrad.studies.library import Study
    from handgrad.studies.trials import Cell

Name = Annotated[
    str, typer.Argument(help="A study's name, or a folder or file of experiments.")
]
Rows = Annotated[
    str | None, typer.Option(help="Only these rows, with commas between them.")
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WORDS",
        help="Only trials with these words in their names, such as 'seed 0'; may be "
        "repeated.",
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(help="Where the trials are kept; studies/NAME by default."),
]

study = typer.Typer(
    name="study",
    help="Run whole studies and hold them against what was published.",
    no_args_is_help=True,
)


@study.command("list")
@documented
def list_all(as_json: Json = False) -> None:
    """List the studies of the package."""
    from handgrad.cli.screens import studies as screen
    from handgrad.studies.library import find, names

    screen.show_list([find(name) for name in names()], as_json=as_json)


@study.command()
@documented
def show(name: Name, rows: Rows = None, as_json: Json = False) -> None:
    """Show the experiments of a study: question, variants, published numbers."""
    from handgrad.cli.screens import studies as screen

    screen.show_study(chosen(name, rows), as_json=as_json)


@study.command()
@documented
def run(  # noqa: PLR0913 - a command's options are its arguments
    name: Name,
    quick: Annotated[
        bool, flag("--quick", says="Small: the findings show (the default).")
    ] = False,
    full: Annotated[bool, flag("--full", says="As it was published.")] = False,
    rows: Rows = None,
    only: Only = None,
    jobs: Jobs = None,
    workers: Workers = None,
    backend: BackendName = "local",
    address: Address = None,
    retry: Annotated[
        bool, flag("--retry", says="Do failed and crashed trials again.")
    ] = False,
    folder: Folder = None,
    data_dir: DataDir = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Do the trials that are not done yet, then say what came out.

    A study that was stopped goes on where it stopped. The exit code is 1 if a trial
    failed or a finding does not hold. With --backend dask the workers of a Dask
    scheduler do the trials; the folder must lie where all of them see it.
    """
    from handgrad.cli.backends import opened
    from handgrad.cli.screens.studies import follow
    from handgrad.studies.ledger import Ledger
    from handgrad.studies.library import matching
    from handgrad.studies.runner import missing, run_on

    found, size = chosen(name, rows), _size(quick=quick, full=full)
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


@study.command()
@documented
def status(
    name: Name, rows: Rows = None, folder: Folder = None, as_json: Json = False
) -> None:
    """Say which trials are done, which failed and why."""
    from handgrad.cli.screens import studies as screen
    from handgrad.studies.ledger import Ledger

    found = chosen(name, rows)
    ledger = Ledger(folder or Path("studies") / found.name)
    screen.show_status(found, ledger, as_json=as_json)


@study.command()
@documented
def report(
    name: Annotated[
        str | None,
        typer.Argument(help="A study's name, or a folder or file; all by default."),
    ] = None,
    everything: Annotated[
        bool, flag("--all", says="All studies, and index.html above them.")
    ] = False,
    rows: Rows = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Where the trials are kept; studies/NAME by default, and studies "
            "for all of them."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write what was published and what came out: HTML, Markdown, JSON, figures."""
    from handgrad.cli.screens.console import say, say_json

    if name is None or everything:
        made = _report_all(name, rows, folder)
        words = f"All studies are in {made['index']}."
    else:
        made = _report_one(name, rows, folder)
        words = (
            f"The report is {made['html']}; its tables are in {made['markdown']} and "
            f"{made['json']} as well."
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
            f"{ledger.folder} is not there: nothing of {found.name} was run. Start "
            f"with: handgrad study run {name}"
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
            f"handgrad study report of all studies takes no more than --folder, got "
            f"{extra}. Leave that out, or report one study by its name."
        )
    root = folder or Path("studies")
    if not root.is_dir():
        raise RunError(
            f"{root} is not there: no study was run here. Start with "
            "handgrad study run csci581-a."
        )
    index, pages = write_index(root)
    return {"index": str(index), "reports": [str(path) for path in pages]}


def chosen(name: str, rows: str | None) -> "Study":
    """The study, with the rows that were asked for."""
    from handgrad.studies.library import find

    found = find(name)
    if rows is None:
        return found
    return found.only([row.strip() for row in rows.split(",") if row.strip()])


def _size(*, quick: bool, full: bool) -> "Size":
    from handgrad.errors import ConfigError

    if quick and full:
        raise ConfigError(
            "handgrad study run takes --quick or --full, got both. Leave one out."
        )
    return "full" if full else "quick"


def look_at_data(
    cells: "list[Cell]", ledger: "Ledger", data_dir: Path | None, *, quiet: bool
) -> None:
    """Read which content the data have: trials on another do not count."""
    from handgrad.cli.screens.loading import loading
    from handgrad.studies.contents import look

    with loading(quiet=quiet) as progress:
        look((cell.trial for cell in cells), ledger, data_dir, progress)


def load_data(cells: "list[Cell]", data_dir: Path | None, *, quiet: bool) -> None:
    """See that all data are there before anything begins, or download them."""
    from handgrad.cli.screens.loading import loading
    from handgrad.studies.contents import load_all

    with loading(quiet=quiet) as progress:
        load_all((cell.trial for cell in cells), data_dir, progress)
