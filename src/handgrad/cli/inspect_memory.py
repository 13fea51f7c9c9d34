"""The kind of `handgrad inspect` on what training and prediction hold in memory."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.inspect_inputs import (
    DatasetName,
    FigureFile,
    check_figure,
    finish,
    of_dataset,
)
from handgrad.cli.options import DataDir, Json, Set, parse_settings, refuse_sections

if TYPE_CHECKING:
    from rich.table import Table


def memory(  # noqa: PLR0913  the options of a command
    model: Annotated[str, typer.Argument(help="A network: see handgrad models.")],
    settings: Set = None,
    dataset: DatasetName = None,
    optimizer: Annotated[
        str, typer.Option(help="sgd, rmsprop, adam or adamw.")
    ] = "sgd",
    momentum: Annotated[float, typer.Option(help="Of sgd.")] = 0.0,
    batch_size: Annotated[int, typer.Option(help="Images in a batch.")] = 256,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Bytes of training and of prediction by role, predicted and measured."""
    check_figure(figure)
    from handgrad import catalog
    from handgrad.cli.screens.console import table
    from handgrad.inspection.memory import memory as measure

    sample = of_dataset(dataset, 1, data_dir=data_dir)
    options = refuse_sections(parse_settings(settings or []), "handgrad inspect memory")
    network = catalog.build(
        "model",
        model,
        options,
        input_shape=sample.image_shape,
        classes=len(sample.class_names),
        seed=0,
    )
    of_rule = {"momentum": momentum} if momentum else {}
    rule = catalog.build("optimizer", optimizer, of_rule, learning_rate=0.1)
    found = measure(network, rule, sample.image_shape, batch_size=batch_size)

    def tables() -> "list[Table | str]":
        heads = ("training", "measured", "prediction")
        shown = table("bytes", *heads, right=heads)
        for role in found.training:
            sizes = (
                bars.get(role, 0)
                for bars in (found.training, found.measured, found.prediction)
            )
            shown.add_row(role, *(f"{size:,}" for size in sizes))
        sums = (sum(bars.values()) for bars in found.bars.values())
        shown.add_row("together", *(f"{size:,}" for size in sums))
        shown.add_row(
            "peak", "", f"{found.training_peak:,}", f"{found.prediction_peak:,}"
        )
        note = (
            "training, prediction: by the equations; measured: the arrays of one step "
            "of the plain layers; peak: the most at once of a step, of a prediction."
        )
        return [shown, note, found.finding]

    def draw() -> Any:
        from handgrad.inspection.figures.memory import memory as drawing

        return drawing(found.bars)

    values = {**asdict(found), "finding": found.finding}
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)
