"""The options of `handgrad train` on the run: folder, initial weights, saving."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import RUN, flag

Resume = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN",
        help="Run folder to resume: a stopped run, or any run with more --epochs.",
        rich_help_panel=RUN,
    ),
]
StartFrom = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN|FILE",
        help="Run or saved network whose weights to start from.",
        rich_help_panel=RUN,
    ),
]
RunFolder = Annotated[
    Path | None,
    typer.Option(
        "--run",
        help="New folder for the run.",
        show_default="a new one under runs/",
        rich_help_panel=RUN,
    ),
]
CheckpointSeconds = Annotated[
    float | None,
    typer.Option(
        help="Seconds between two checkpoints within an epoch.",
        show_default="60",
        rich_help_panel=RUN,
    ),
]
OnFailedSave = Annotated[
    str | None,
    typer.Option(
        metavar="WHAT",
        help="Reaction to a failed save: stop, or continue and retry at the next "
        "checkpoint.",
        show_default="stop",
        rich_help_panel=RUN,
    ),
]
Force = Annotated[
    bool,
    flag(
        "--force",
        says="Start even if the estimated memory exceeds what is free.",
        panel=RUN,
    ),
]
