"""Commands of `handgrad inspect` on single derivatives, with gradient checks."""

from typing import Annotated

import typer

from handgrad.cli.inspect_inputs import (
    DatasetName,
    FigureFile,
    Image,
    MaybeRun,
    Run,
    SplitName,
    check_figure,
    finish,
    whole_numbers,
)
from handgrad.cli.options import DataDir, Json, flag


def jacobians(
    run: MaybeRun = None,
    image: Image = 0,
    show_values: Annotated[
        bool, flag("--values", says="Print the top left corner of each matrix.")
    ] = False,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show the six Jacobians of a two-layer perceptron, with gradient checks."""
    check_figure(figure)
    from handgrad import inspection

    found = inspection.jacobians(run, image=image, dataset=dataset, data_dir=data_dir)
    table = found.table(show_values=show_values)
    finish(found, as_json=as_json, figure=figure, table=table)


def microscope(  # noqa: PLR0913  the options of a command
    run: Run,
    layer: Annotated[
        str, typer.Option(help="Name of the layer, such as linear_1 or conv2d_2.")
    ],
    weight: Annotated[
        str, typer.Option(metavar="INDEX", help="Index of the weight, such as 3,17.")
    ],
    image: Image = 0,
    parameter: Annotated[
        str, typer.Option(help="Parameter of the layer: weight or bias.")
    ] = "weight",
    split: SplitName = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show the gradient of one weight as a sum of products, and the code for it."""
    check_figure(figure)
    from handgrad import inspection

    found = inspection.microscope(
        run,
        layer=layer,
        index=tuple(whole_numbers("--weight", weight)),
        parameter=parameter,
        image=image,
        split=split,
        dataset=dataset,
        data_dir=data_dir,
    )
    finish(found, as_json=as_json, figure=figure)
