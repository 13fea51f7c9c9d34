"""Commands of `handgrad inspect` on the weights and outputs of a run's network."""

from handgrad.cli.inspect_inputs import (
    DatasetName,
    FigureFile,
    Image,
    Run,
    SplitName,
    check_figure,
    finish,
)
from handgrad.cli.options import DataDir, Json


def filters(run: Run, figure: FigureFile = None, as_json: Json = False) -> None:
    """Show the weights of the first layer: norms, ranges and images."""
    check_figure(figure)
    from handgrad import inspection

    finish(inspection.filters(run), as_json=as_json, figure=figure)


def feature_maps(
    run: Run,
    image: Image = 0,
    split: SplitName = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show the outputs of every layer for one image."""
    check_figure(figure)
    from handgrad import inspection

    found = inspection.feature_maps(
        run, image=image, split=split, dataset=dataset, data_dir=data_dir
    )
    finish(found, as_json=as_json, figure=figure)
