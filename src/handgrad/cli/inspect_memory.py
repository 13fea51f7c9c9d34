"""The command of `handgrad inspect` on the memory of training and inference."""

from typing import Annotated

import typer

from handgrad.cli.inspect_inputs import (
    DatasetName,
    FigureFile,
    check_figure,
    finish,
)
from handgrad.cli.options import DataDir, Json, Set, parse_settings, refuse_sections
from handgrad.starting_points import NAMES as OPTIMIZERS


def memory(  # noqa: PLR0913  the options of a command
    model: Annotated[
        str, typer.Argument(help="Name of a network: see handgrad models.")
    ],
    settings: Set = None,
    dataset: DatasetName = None,
    optimizer: Annotated[str, typer.Option(help=f"{OPTIMIZERS}.")] = "sgd",
    momentum: Annotated[float, typer.Option(help="Momentum of sgd.")] = 0.0,
    batch_size: Annotated[int, typer.Option(help="Images per batch.")] = 256,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show the memory of training and inference by role, predicted and measured."""
    check_figure(figure)
    from handgrad import inspection
    from handgrad.catalog import find

    find("model", model)
    options = refuse_sections(parse_settings(settings or []), "handgrad inspect memory")
    found = inspection.memory(
        model,
        optimizer,
        options=options,
        momentum=momentum,
        batch_size=batch_size,
        dataset=dataset,
        data_dir=data_dir,
    )
    finish(found, as_json=as_json, figure=figure)
