"""Kinds of `handgrad inspect` on how gradients flow, and where they stop."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    of_dataset,
    of_run,
    whole_numbers,
)
from handgrad.cli.options import DataDir, Json

if TYPE_CHECKING:
    from rich.table import Table


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
    """Gradient norm by layer of a run; without one, sigmoid and ReLU against depth."""
    check_figure(figure)
    if run is None:
        _depth_flow(depths, images, dataset, data_dir, figure, as_json=as_json)
        return
    from handgrad.cli.screens.console import table
    from handgrad.inspection.gradient_flow import gradient_flow as measure

    model, loss, sample = of_run(
        run, images, split=split, dataset=dataset, data_dir=data_dir
    )
    rows = measure(model, sample.inputs, sample.targets, loss=loss)

    def tables() -> "list[Table | str]":
        heads = ("gradient norm", "weight norm", "ratio")
        shown = table("layer", "", *heads, right=heads)
        for row in rows:
            sizes = (row.gradient_norm, row.weight_norm, row.ratio)
            shown.add_row(row.layer, row.kind, *(f"{size:.3e}" for size in sizes))
        return [shown, f"On {sample.what}, in float64."]

    def draw() -> Any:
        from handgrad.inspection.figures import gradient_flow as drawing

        return drawing.gradient_flow(rows)

    values = {"layers": [{**asdict(row), "ratio": row.ratio} for row in rows]}
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)


def _depth_flow(
    depths: str,
    images: int,
    dataset: str | None,
    data_dir: Path | None,
    figure: Path | None,
    *,
    as_json: bool,
) -> None:
    """Fresh sigmoid and ReLU networks of growing depth."""
    from handgrad.cli.screens.console import table
    from handgrad.inspection.gradient_flow import depth_finding, depth_flow

    wanted = whole_numbers("--depths", depths)
    sample = of_dataset(dataset, images, data_dir=data_dir)
    rows = depth_flow(sample.inputs, sample.targets, depths=wanted)

    def tables() -> "list[Table | str]":
        heads = ("hidden layers", "first layer", "last layer", "first / last")
        shown = table("activation", *heads, right=heads)
        for row in rows:
            sizes = (row.norms[0], row.norms[-1], row.faded)
            shown.add_row(
                row.activation, str(row.depth), *(f"{size:.3e}" for size in sizes)
            )
        note = f"Gradient norms on {sample.what}, in float64."
        return [shown, note, depth_finding(rows)]

    def draw() -> Any:
        from handgrad.inspection.figures import gradient_flow as drawing

        return drawing.depth_flow(rows)

    values = {"rows": [asdict(row) for row in rows], "finding": depth_finding(rows)}
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)


def saturation(  # noqa: PLR0913  the options of a command
    run: MaybeRun = None,
    bound: Annotated[float, typer.Option(help="A |slope| below this is flat.")] = 0.01,
    scales: Numbers = "0.01,0.03,0.1,0.3,1,3",
    activation: Annotated[
        str, typer.Option(help="Without a run: of the fresh networks.")
    ] = "sigmoid",
    images: Count = 64,
    split: SplitName = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Share of flat units by layer of a run; without one, against initial weights."""
    check_figure(figure)
    from handgrad.cli.screens.console import table
    from handgrad.inspection import saturation as inspection

    if run is not None:
        model, _, sample = of_run(
            run, images, split=split, dataset=dataset, data_dir=data_dir
        )
        rows = inspection.saturation(model, sample.inputs, bound=bound)
        by_scale: tuple[inspection.ScaleRow, ...] = ()
        named = [("", row) for row in rows]
    else:
        sample = of_dataset(dataset, images, data_dir=data_dir)
        build = inspection.deep(
            sample.image_shape, len(sample.class_names), activation=activation
        )
        wanted = numbers("--scales", scales)
        by_scale = inspection.saturation_by_scale(
            build, sample.inputs, scales=wanted, bound=bound
        )
        rows = ()
        named = [(f"{row.scale:g}", layer) for row in by_scale for layer in row.layers]

    def tables() -> "list[Table | str]":
        heads = ("saturated", "dead", "mean |slope|")
        shown = table("scale" if by_scale else "", "layer", *heads, right=heads)
        for scale, row in named:
            shown.add_row(
                scale,
                row.layer,
                f"{row.share:.1%}",
                f"{row.dead:.1%}",
                f"{row.mean_slope:.3g}",
            )
        note = (
            f"Saturated: |slope| < {bound:g}; dead: for every image. On {sample.what}."
        )
        return [shown, note]

    def draw() -> Any:
        from handgrad.inspection.figures import saturation as drawing

        if by_scale:
            return drawing.saturation_by_scale(by_scale, bound)
        return drawing.saturation(rows, bound)

    values = {
        "bound": bound,
        "rows": [{"scale": float(s) if s else None, **asdict(r)} for s, r in named],
    }
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)
