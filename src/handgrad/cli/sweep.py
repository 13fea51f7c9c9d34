"""`handgrad sweep`: hyperparameter search over several seeds."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.backends import Address, BackendName, Jobs
from handgrad.cli.options import DataDir, Json, Quiet, Workers, flag
from handgrad.errors import ConfigError


def sweep(  # noqa: PLR0913 - a command's options are its arguments
    file: Annotated[
        Path, typer.Argument(help="TOML file: the tables of a run and of the sweep.")
    ],
    trials: Annotated[
        int | None,
        typer.Option(
            help="Number of settings, including those of earlier calls.",
            show_default="that of the file",
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="0,1,2",
            help="Seeds of every setting, comma-separated.",
            show_default="those of the file",
        ),
    ] = None,
    jobs: Jobs = None,
    workers: Workers = None,
    backend: BackendName = "local",
    address: Address = None,
    retry: Annotated[
        bool, flag("--retry", says="Run failed and crashed trials again.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option(help="Folder of the sweep.", show_default="sweeps/NAME"),
    ] = None,
    data_dir: DataDir = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Search hyperparameters over several seeds; report which settings differ.

    A stopped sweep resumes where it was; an extended one runs only its new trials. The
    differences are tested for significance. Tables, figures and CSV files are written
    to the folder. The exit code is 1 if a trial failed or crashed.
    """
    from handgrad.cli.backends import opened
    from handgrad.cli.screens import sweeps as screen
    from handgrad.cli.screens.console import say, say_json
    from handgrad.cli.screens.loading import loading
    from handgrad.cli.study import load_data
    from handgrad.studies.ledger import CRASHED, FAILED, Ledger
    from handgrad.sweeps.report import write_report
    from handgrad.sweeps.run_sweep import (
        SWEEPS,
        cells_ahead,
        check,
        look_at_data,
        run_sweep,
    )
    from handgrad.sweeps.sweep import read_sweep
    from handgrad.sweeps.sweep_results import tried
    from handgrad.sweeps.values import check_values

    read = read_sweep(file, trials=trials, seeds=_numbers(seeds))
    check(read)
    if data_dir is None and "data_dir" in read.base.dataset:
        data_dir = Path(read.base.dataset["data_dir"])
    ledger = Ledger(folder or SWEEPS / read.name)
    where = opened(backend, address, jobs=jobs, workers=workers, data_dir=data_dir)
    with loading(quiet=quiet) as progress:
        look_at_data(read, ledger, data_dir, progress)
    to_do = cells_ahead(read, ledger, retry=retry)
    load_data(to_do, data_dir, quiet=quiet)
    if to_do:
        check_values(read, data_dir)
    before = sum(bool(o) for one in tried(read, ledger) for o in one.outcomes)
    events = run_sweep(read, where, ledger, retry=retry)
    screen.follow(events, to_do, before=before, quiet=quiet)
    results = write_report(read, ledger)
    if as_json:
        say_json(results)
    else:
        screen.show_results(results)
        say(f"Tables and figures: {ledger.folder}")
    ended = [o for one in tried(read, ledger) for o in one.outcomes if o]
    if any(outcome["status"] in (CRASHED, FAILED) for outcome in ended):
        raise typer.Exit(1)


def _numbers(text: str | None) -> tuple[int, ...] | None:
    """Parse comma-separated seeds."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise ConfigError(
            f"--seeds takes comma-separated integers, got {text!r}. "
            "For example: --seeds 0,1,2"
        )
    if len({*map(int, parts)}) < len(parts):
        raise ConfigError(
            f"--seeds takes each seed once, got {text!r}. For example: --seeds 0,1,2"
        )
    return tuple(map(int, parts))
