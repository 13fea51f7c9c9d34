"""`handgrad ui`: the page in the browser."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import flag


def ui(
    port: Annotated[
        int | None,
        typer.Option(help="Port on this machine.", show_default="a free one"),
    ] = None,
    runs: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the run folders.")
    ] = Path("runs"),
    no_open: Annotated[
        bool, flag("--no-open", says="Print the address without opening a browser.")
    ] = False,
) -> None:
    """Open the page: build, train, compare and look inside networks in a browser.

    It is served on this machine only, until Ctrl-C; runs in training continue.
    """
    from handgrad.cli.screens.console import say
    from handgrad.paths import path_of
    from handgrad.ranges import check_at_least
    from handgrad.web.serve import serve

    if port is not None:
        check_at_least("handgrad ui", "--port", port, 1)
    folder = path_of("handgrad ui", "--runs", runs)
    serve(folder, port, is_opened=not no_open, say=say)
