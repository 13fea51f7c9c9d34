"""Kinds of `handgrad inspect` on single derivatives, each checked by a difference."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.inspect_inputs import (
    DatasetName,
    FigureFile,
    Image,
    MaybeRun,
    Run,
    SplitName,
    check_figure,
    check_there,
    finish,
    of_dataset,
    of_run,
    up_to,
    whole_numbers,
)
from handgrad.cli.options import DataDir, Json, flag

if TYPE_CHECKING:
    from rich.table import Table


def jacobians(
    run: MaybeRun = None,
    image: Image = 0,
    show_values: Annotated[
        bool, flag("--values", says="Print the numbers, a corner of each.")
    ] = False,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """The six Jacobians of a two-layer perceptron, held against finite differences."""
    check_figure(figure)
    from numpy import array2string

    from handgrad.cli.screens.console import table
    from handgrad.inspection.jacobians import jacobians as derive
    from handgrad.models import perceptron

    if run is not None:
        model, _, sample = of_run(run, up_to(image), dataset=dataset, data_dir=data_dir)
    else:
        sample = of_dataset(dataset, up_to(image), data_dir=data_dir)
        shape, classes = sample.image_shape, len(sample.class_names)
        model = perceptron(input_shape=shape, classes=classes)
    check_there(image, len(sample.images))
    found = derive(model, sample.inputs[image])

    def tables() -> "list[Table | str]":
        heads = ("not 0", "entries moved", "largest error")
        shown = table("Jacobian", "equals", "shape", *heads, right=heads)
        for one in found:
            shown.add_row(
                one.name,
                one.equation,
                " x ".join(map(str, one.shape)),
                f"{one.nonzero:.1%}",
                str(one.columns),
                f"{one.max_error:.1e}",
            )
        corners = [
            f"{one.name}\n{array2string(one.value, threshold=50, precision=4)}"
            for one in found
        ]
        note = "Largest error: absolute, against central differences, in float64."
        return [shown, note, *(corners if show_values else [])]

    def draw() -> Any:
        from handgrad.inspection.figures import jacobians as drawing

        return drawing.jacobians(found)

    values = {
        "jacobians": [
            {
                "name": one.name,
                "equation": one.equation,
                "shape": one.shape,
                "nonzero": one.nonzero,
                "columns": one.columns,
                "max_error": one.max_error,
            }
            for one in found
        ]
    }
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)


def microscope(  # noqa: PLR0913  the options of a command
    run: Run,
    layer: Annotated[str, typer.Option(help="Such as linear_1 or conv2d_2.")],
    weight: Annotated[
        str, typer.Option(metavar="PLACE", help="The weight's place, such as 3,17.")
    ],
    image: Image = 0,
    parameter: Annotated[str, typer.Option(help="weight or bias.")] = "weight",
    split: SplitName = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """One weight's gradient, factor by factor, beside the line that computes it."""
    check_figure(figure)
    from handgrad.cli.screens.console import table
    from handgrad.inspection.microscope import microscope as look

    index = tuple(whole_numbers("--weight", weight))
    model, loss, sample = of_run(
        run, up_to(image), split=split, dataset=dataset, data_dir=data_dir
    )
    check_there(image, len(sample.images))
    reading = look(
        model,
        sample.inputs,
        sample.targets,
        layer=layer,
        sample=image,
        index=index,
        parameter=parameter,
        loss=loss,
    )

    def tables() -> "list[Table | str]":
        heads = ("forward value", "upstream gradient", "local derivative", "product")
        shown = table("output", *heads, right=heads)
        for place in reading.largest:
            parts = (place.forward, place.upstream, place.local, place.product)
            shown.add_row(
                ", ".join(map(str, place.output)), *(f"{part:.6g}" for part in parts)
            )
        numeric = reading.numeric
        error = reading.relative_error
        check = (
            "every step crossed a kink"
            if numeric is None
            else f"{numeric:.9g} (relative error {error:.1e})"
        )
        return [
            f"{layer}.{parameter}[{weight}] = {reading.value:.6g}; image {image}, its "
            f"loss {reading.loss:.6g}",
            shown,
            f"gradient (sum of {len(reading.places)}): {reading.gradient:.9g}\n"
            f"finite difference:      {check}\n"
            f"{reading.file}:{reading.line}: {reading.code}",
        ]

    def draw() -> Any:
        from handgrad.inspection.figures import microscope as drawing

        return drawing.microscope(reading)

    finish(asdict(reading), as_json=as_json, figure=figure, tables=tables, draw=draw)
