"""Where trials are done: the options that say so, and the back end they name."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.errors import ConfigError, unknown_name

if TYPE_CHECKING:
    from handgrad.studies.backends import Backend

PANEL = "Where"
NAMES = ("local", "dask")

Jobs = Annotated[
    int | None,
    typer.Option(
        help="Trials at the same time: by default 1, or one for each Dask worker.",
        rich_help_panel=PANEL,
    ),
]
BackendName = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="[local|dask]",
        help="This machine, or a Dask cluster that shares the folder with it.",
        rich_help_panel=PANEL,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="The Dask scheduler, like tcp://host:8786.", rich_help_panel=PANEL
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
    """The back end of that name, ready to begin; ConfigError if it cannot be."""
    if name not in NAMES:
        raise unknown_name("back end", name, NAMES)
    if name == "local":
        from handgrad.studies.processes import LocalProcesses

        if address is not None:
            raise ConfigError(
                f"--address {address} belongs to --backend dask, got --backend local. "
                "Leave it out, or add --backend dask."
            )
        jobs = 1 if jobs is None else jobs
        return LocalProcesses(jobs=jobs, workers=workers, data_dir=data_dir)
    if address is None:
        raise ConfigError(
            "--backend dask needs the address of a scheduler. Add it, like "
            "--address tcp://host:8786."
        )
    from handgrad.studies.cluster import DaskCluster

    return DaskCluster(address, jobs=jobs, workers=workers, data_dir=data_dir)
