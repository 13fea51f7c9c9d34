"""What `handgrad train` may be told of the run: folder, beginning, saving."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import RUN, flag

Resume = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN",
        help="Go on with a run that was stopped, or with more --epochs.",
        rich_help_panel=RUN,
    ),
]
StartFrom = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN|FILE", help="Begin with its weights.", rich_help_panel=RUN
    ),
]
RunFolder = Annotated[
    Path | None,
    typer.Option(
        "--run", help="A new folder; one under runs/ by default.", rich_help_panel=RUN
    ),
]
CheckpointSeconds = Annotated[
    float | None,
    typer.Option(help="Save this often within an epoch (60).", rich_help_panel=RUN),
]
OnFailedSave = Annotated[
    str | None,
    typer.Option(
        metavar="WHAT",
        help="stop, or continue and try again at the next checkpoint (stop).",
        rich_help_panel=RUN,
    ),
]
Force = Annotated[
    bool,
    flag("--force", says="Begin even where memory seems not to be enough.", panel=RUN),
]
