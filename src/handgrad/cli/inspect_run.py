"""Kinds of `handgrad inspect` on what a run's network looks for and sees."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from handgrad.cli.inspect_inputs import (
    DatasetName,
    FigureFile,
    Image,
    Run,
    SplitName,
    check_figure,
    check_there,
    finish,
    of_run,
    up_to,
)
from handgrad.cli.options import DataDir, Json

if TYPE_CHECKING:
    from rich.table import Table


def filters(run: Run, figure: FigureFile = None, as_json: Json = False) -> None:
    """The first layer's weights: their sizes, and as pictures."""
    check_figure(figure)
    from handgrad.cli.screens.console import table
    from handgrad.inspection.filters import filters as take
    from handgrad.training.trained_network import load

    classifier = load(run)
    found = take(classifier.model, classifier.input_shape)

    def tables() -> "list[Table | str]":
        heads = ("norm", "smallest", "largest")
        shown = table("unit", *heads, right=("unit", *heads))
        for unit, (norm, picture) in enumerate(
            zip(found.norms, found.pictures, strict=True)
        ):
            sizes = (norm, picture.min(), picture.max())
            shown.add_row(str(unit), *(f"{size:.4g}" for size in sizes))
        return [shown, f"The weights of {found.layer}, {found.weight.shape}."]

    def draw() -> Any:
        from handgrad.inspection.figures import filters as drawing

        return drawing.filters(found, class_names=classifier.class_names)

    values = {
        "layer": found.layer,
        "norms": found.norms.tolist(),
        "weight": found.weight.tolist(),
    }
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)


def feature_maps(
    run: Run,
    image: Image = 0,
    split: SplitName = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """What every layer of a run's network makes of one image."""
    check_figure(figure)
    from handgrad.cli.screens.console import table
    from handgrad.inspection.feature_maps import feature_maps as follow

    model, _, sample = of_run(
        run, up_to(image), split=split, dataset=dataset, data_dir=data_dir
    )
    check_there(image, len(sample.images))
    maps = follow(model, sample.inputs[image])

    def tables() -> "list[Table | str]":
        heads = ("smallest", "largest", "exactly 0", "silent")
        shown = table("layer", "outputs", *heads, right=heads)
        for found in maps:
            shown.add_row(
                found.layer,
                " x ".join(map(str, found.outputs.shape)),
                f"{found.outputs.min():.4g}",
                f"{found.outputs.max():.4g}",
                f"{found.zero:.1%}",
                f"{found.silent} of {len(found.outputs)}",
            )
        return [shown, _said(sample.class_names, sample.targets[image], maps[-1])]

    def draw() -> Any:
        from handgrad.inspection.figures import feature_maps as drawing

        return drawing.feature_maps(sample.images[image], maps)

    values = {
        "image": image,
        "layers": [{**asdict(m), "outputs": m.outputs.tolist()} for m in maps],
    }
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)


def _said(names: tuple[str, ...], target: int, last: Any) -> str:
    """The true class beside the one with the largest logit."""
    return (
        f"True class: {names[target]}; answered: {names[int(last.outputs.argmax())]}."
    )
