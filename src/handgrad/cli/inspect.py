"""`handgrad inspect`: the numbers behind the studies, each with a figure."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.inspect_flow import gradient_flow, saturation
from handgrad.cli.inspect_gradients import jacobians, microscope
from handgrad.cli.inspect_inputs import (
    DatasetName,
    FigureFile,
    Numbers,
    check_figure,
    finish,
    numbers,
    of_dataset,
)
from handgrad.cli.inspect_memory import memory
from handgrad.cli.inspect_mistakes import confusion, mistakes
from handgrad.cli.inspect_run import feature_maps, filters
from handgrad.cli.options import (
    DataDir,
    Json,
    Set,
    parse_settings,
    refuse_sections,
)

if TYPE_CHECKING:
    from rich.table import Table

inspect = typer.Typer(
    name="inspect",
    help="Look at numerics, gradients, layers, memory and learning rates.",
    no_args_is_help=True,
)
Seed = Annotated[int, typer.Option(help="Another seed draws other numbers.")]


def softmax_numerics(
    sizes: Numbers = "1,10,50,80,90,100,110,1e3,1e4,1e5",
    seed: Seed = 0,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show where softmax overflows and underflows in float32, and what mends it."""
    check_figure(figure)
    from handgrad.cli.screens.console import table
    from handgrad.inspection.softmax_numerics import softmax_numerics as measure

    found = measure(numbers("--sizes", sizes), seed=seed)

    def tables() -> "list[Table | str]":
        heads = ("naive sum", "shifted sum", "naive", "shifted", "log-sum-exp", "exact")
        shown = table("logits", *heads, "", right=("logits", *heads))
        for row in (*found.level, *found.gap):
            values = (
                row.naive_denominator,
                row.shifted_denominator,
                row.naive,
                row.shifted,
            )
            shown.add_row(
                ", ".join(f"{logit:g}" for logit in row.logits),
                *(f"{value:.4g}" for value in values),
                f"{row.log_sum_exp:.7g}",
                f"{row.exact:.7g}",
                row.verdict,
            )
        note = (
            "naive, shifted: the probability of the last logit; log-sum-exp, exact: "
            "its logarithm in float32 and in float64."
        )
        return [shown, note, found.finding]

    def draw() -> Any:
        from handgrad.inspection.figures.softmax_numerics import softmax_numerics

        return softmax_numerics(found)

    values = {**asdict(found), "finding": found.finding}
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)


def activation_functions(
    names: Annotated[
        list[str] | None, typer.Argument(help="Activations; all if none is named.")
    ] = None,
    low: Annotated[float, typer.Option(help="The smallest input.")] = -10.0,
    high: Annotated[float, typer.Option(help="The largest input.")] = 10.0,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show activations and their gradients over a range of inputs."""
    check_figure(figure)
    from handgrad.cli.screens.console import table
    from handgrad.inspection.activation_functions import activation_functions as curves

    found = curves(names or (), low=low, high=high)

    def tables() -> "list[Table | str]":
        heads = (f"value at {low:g}", "slope", f"value at {high:g}", "slope")
        steep = ("steepest", "first at", "flat")
        shown = table("activation", *heads, *steep, right=(*heads, *steep))
        for curve in found:
            ends = [
                f"{values[end]:.6g}"
                for end in (0, -1)
                for values in (curve.outputs, curve.gradients)
            ]
            slope, place = curve.steepest
            shown.add_row(
                curve.name,
                *ends,
                f"{slope:.6g}",
                f"{place:g}",
                f"{curve.flat_share:.0%}",
            )
        return [shown, "flat: the share of the range with a slope below 0.01."]

    def draw() -> Any:
        from handgrad.inspection.figures import activation_functions as drawing

        return drawing.activation_functions(found)

    values = {
        "activations": [
            {
                "name": curve.name,
                "inputs": curve.inputs.tolist(),
                "outputs": curve.outputs.tolist(),
                "gradients": curve.gradients.tolist(),
            }
            for curve in found
        ]
    }
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)


def dropout_statistics(
    kept: Numbers = "0.25,0.4,0.7",
    mean: Annotated[float, typer.Option(help="The mean of the inputs.")] = 10.0,
    seed: Seed = 0,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show what dropout zeroes and that means stay; --kept is the fraction KEPT."""
    check_figure(figure)
    from handgrad.cli.screens.console import table
    from handgrad.inspection.dropout_statistics import dropout_statistics as measure

    rows = measure(numbers("--kept", kept), mean=mean, seed=seed)

    def tables() -> "list[Table | str]":
        heads = ("kept", "zero in training", "mean in training", "mean in prediction")
        shown = table(*heads, "mean of inputs", right=(*heads, "mean of inputs"))
        for row in rows:
            shown.add_row(
                f"{row.kept:g}",
                f"{row.train_zero:.4f}",
                f"{row.train_mean:.4f} +- {row.standard_error:.4f}",
                f"{row.test_mean:.4f}",
                f"{row.input_mean:.4f}",
            )
        return [shown, "kept: the fraction kept; +- one standard error by chance."]

    def draw() -> Any:
        from handgrad.inspection.figures.dropout_statistics import dropout_statistics

        return dropout_statistics(rows)

    values = {"rows": [asdict(row) for row in rows]}
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)


def learning_rate_finder(  # noqa: PLR0913  the options of a command
    model: Annotated[str, typer.Argument(help="A network: see handgrad models.")],
    settings: Set = None,
    dataset: DatasetName = None,
    optimizer: Annotated[
        str, typer.Option(help="sgd, rmsprop, adam or adamw.")
    ] = "sgd",
    low: Annotated[float, typer.Option(help="The first learning rate.")] = 1e-5,
    high: Annotated[float, typer.Option(help="The last learning rate.")] = 10.0,
    steps: Annotated[int, typer.Option(help="How many steps to take.")] = 100,
    batch_size: Annotated[int, typer.Option(help="Images a step.")] = 64,
    seed: Seed = 0,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Let the learning rate grow over a short run, and suggest one with its reason."""
    check_figure(figure)
    from handgrad import catalog
    from handgrad.datasets import Split, normalization
    from handgrad.inspection.learning_rate_finder import learning_rate_finder as find
    from handgrad.losses import SoftmaxCrossEntropy

    sample = of_dataset(dataset, max(steps * batch_size, 1), data_dir=data_dir)
    options = refuse_sections(
        parse_settings(settings or []), "handgrad inspect learning-rate-finder"
    )
    network = catalog.build(
        "model",
        model,
        options,
        input_shape=sample.image_shape,
        classes=len(sample.class_names),
        seed=seed,
    )
    sweep = find(
        network,
        Split(sample.images, sample.targets),
        loss=SoftmaxCrossEntropy(),
        optimizer=lambda rate: catalog.build(
            "optimizer", optimizer, {}, learning_rate=rate
        ),
        normalization=normalization("standard", sample.images),
        low=low,
        high=high,
        steps=steps,
        batch_size=batch_size,
        seed=seed,
    )

    def tables() -> "list[Table | str]":
        rate = sweep.suggestion
        best = (
            "No suggestion" if rate is None else f"Suggested learning rate: {rate:.2g}"
        )
        taken = f"{len(sweep.rates)} of {steps} steps on {sample.what}; {sweep.ended}."
        return [taken, f"{best}: {sweep.reason}."]

    def draw() -> Any:
        from handgrad.inspection.figures import learning_rate_finder as drawing

        return drawing.learning_rate_finder(sweep)

    values = {
        "suggestion": sweep.suggestion,
        "reason": sweep.reason,
        "ended": sweep.ended,
        "rates": sweep.rates.tolist(),
        "losses": sweep.losses.tolist(),
        "smoothed": sweep.smoothed.tolist(),
    }
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)


for kind in (
    softmax_numerics,
    activation_functions,
    dropout_statistics,
    jacobians,
    gradient_flow,
    saturation,
    filters,
    feature_maps,
    microscope,
    learning_rate_finder,
    memory,
    confusion,
    mistakes,
):
    inspect.command(kind.__name__.replace("_", "-"))(kind)
