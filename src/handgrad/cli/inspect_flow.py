"""Commands of `handgrad inspect` on gradient norms and saturated units."""

from typing import Annotated

import typer

from handgrad.cli.inspect_inputs import (
    Count,
    DatasetName,
    FigureFile,
    MaybeRun,
    Numbers,
    SplitName,
    check_figure,
    finish,
    numbers,
    whole_numbers,
)
from handgrad.cli.options import DataDir, Json


def gradient_flow(
    run: MaybeRun = None,
    depths: Numbers = "1,2,3,5,8,12",
    images: Count = 64,
    split: SplitName = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show gradient norms by layer of a run, or by depth of untrained networks."""
    check_figure(figure)
    from handgrad import inspection

    found = inspection.gradient_flow(
        run,
        count=images,
        depths=whole_numbers("--depths", depths),
        split=split,
        dataset=dataset,
        data_dir=data_dir,
    )
    finish(found, as_json=as_json, figure=figure)


def saturation(  # noqa: PLR0913  the options of a command
    run: MaybeRun = None,
    bound: Annotated[
        float, typer.Option(help="Threshold: units with a smaller |slope| saturate.")
    ] = 0.01,
    scales: Numbers = "0.01,0.03,0.1,0.3,1,3",
    activation: Annotated[
        str, typer.Option(help="Activation of the untrained networks.")
    ] = "sigmoid",
    images: Count = 64,
    split: SplitName = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show saturated units by layer of a run, or by weight scale if untrained."""
    check_figure(figure)
    from handgrad import inspection

    found = inspection.saturation(
        run,
        bound=bound,
        count=images,
        scales=numbers("--scales", scales),
        activation=activation,
        split=split,
        dataset=dataset,
        data_dir=data_dir,
    )
    finish(found, as_json=as_json, figure=figure)
