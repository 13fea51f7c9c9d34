"""The options for parallel and distributed trials, and the backend they select."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.errors import ConfigError, unknown_name

if TYPE_CHECKING:
    from handgrad.studies.backends import Backend

PANEL = "Execution"
NAMES = ("local", "dask")

Jobs = Annotated[
    int | None,
    typer.Option(
        help="Number of parallel trials.",
        show_default="1, or one per Dask worker",
        rich_help_panel=PANEL,
    ),
]
BackendName = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="[local|dask]",
        help="Run on this machine, or on a Dask cluster with a shared folder.",
        rich_help_panel=PANEL,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="Address of the Dask scheduler, such as tcp://host:8786.",
        rich_help_panel=PANEL,
    ),
]


def opened(
    name: str,
    address: str | None,
    *,
    jobs: int | None,
    workers: int | None,
    data_dir: Path | None,
) -> "Backend":
    """Open the backend of that name; ConfigError for invalid options."""
    if name not in NAMES:
        raise unknown_name("backend", name, NAMES)
    if name == "local":
        from handgrad.studies.processes import LocalProcesses

        if address is not None:
            raise ConfigError(
                f"--address {address} needs --backend dask, got --backend local. "
                "Remove it, or add --backend dask."
            )
        jobs = 1 if jobs is None else jobs
        return LocalProcesses(jobs=jobs, workers=workers, data_dir=data_dir)
    if address is None:
        raise ConfigError(
            "--backend dask needs the address of a scheduler. Add it, for example "
            "--address tcp://host:8786."
        )
    from handgrad.studies.cluster import DaskCluster

    return DaskCluster(address, jobs=jobs, workers=workers, data_dir=data_dir)
