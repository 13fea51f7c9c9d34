"""`handgrad lessons`: write the lessons as notebooks."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import Json, flag


def lessons(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder for the notebooks.")
    ],
    force: Annotated[bool, flag("--force", says="Replace existing notebooks.")] = False,
    as_json: Json = False,
) -> None:
    """Write eight lessons with graded exercises as Jupyter notebooks."""
    from handgrad.cli.screens.console import say, say_json
    from handgrad.lessons import write

    written = write(folder, force=force)
    if as_json:
        say_json({"notebooks": [str(path) for path in written]})
        return
    for path in written:
        say(str(path))
    say()
    say(f"To open them: pip install jupyterlab, then jupyter lab {folder}")
