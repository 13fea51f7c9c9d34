"""Commands of `handgrad inspect` on the wrong predictions of a run's network."""

from typing import Annotated

import typer

from handgrad.cli.inspect_inputs import (
    DatasetName,
    FigureFile,
    Run,
    SplitName,
    check_figure,
    finish,
)
from handgrad.cli.options import DataDir, Json
from handgrad.ranges import check_at_least


def confusion(
    run: Run,
    pairs: Annotated[int, typer.Option(help="Number of confusions to list.")] = 10,
    split: SplitName = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show the most frequent confusions and the confusion matrix."""
    check_figure(figure)
    check_at_least("handgrad inspect", "--pairs", pairs, 1)
    from handgrad import inspection

    found = inspection.confusion(
        run, pairs=pairs, split=split, dataset=dataset, data_dir=data_dir
    )
    finish(found, as_json=as_json, figure=figure)


def mistakes(
    run: Run,
    count: Annotated[int, typer.Option(help="Number of mistakes to list.")] = 24,
    split: SplitName = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show the wrong predictions with the highest probability."""
    check_figure(figure)
    check_at_least("handgrad inspect", "--count", count, 1)
    from handgrad import inspection

    found = inspection.mistakes(
        run, count=count, split=split, dataset=dataset, data_dir=data_dir
    )
    finish(found, as_json=as_json, figure=figure)
