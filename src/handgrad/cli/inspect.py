"""`handgrad inspect`: numerics, gradients, layers and memory, with figures."""

from typing import Annotated

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
)
from handgrad.cli.inspect_memory import memory
from handgrad.cli.inspect_mistakes import confusion, mistakes
from handgrad.cli.inspect_run import feature_maps, filters
from handgrad.cli.options import (
    DataDir,
    ImageSize,
    Json,
    Set,
    parse_settings,
    refuse_sections,
)
from handgrad.docstrings import documented
from handgrad.starting_points import NAMES as OPTIMIZERS

inspect = typer.Typer(
    name="inspect",
    help="Inspect numerics, gradients, layers, memory and learning rates.",
    no_args_is_help=True,
)
Seed = Annotated[int, typer.Option(help="Seed of the random numbers.")]


def softmax_numerics(
    sizes: Numbers = "1,10,50,80,90,100,110,1e3,1e4,1e5",
    seed: Seed = 0,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show float32 softmax over- and underflow, and the fix: subtract the maximum."""
    check_figure(figure)
    from handgrad import inspection

    found = inspection.softmax_numerics(numbers("--sizes", sizes), seed=seed)
    finish(found, as_json=as_json, figure=figure)


def activation_functions(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Names of activations.", show_default="all"),
    ] = None,
    low: Annotated[float, typer.Option(help="Smallest input.")] = -10.0,
    high: Annotated[float, typer.Option(help="Largest input.")] = 10.0,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show activation functions and their derivatives over a range of inputs."""
    check_figure(figure)
    from handgrad import inspection

    found = inspection.activation_functions(names or (), low=low, high=high)
    finish(found, as_json=as_json, figure=figure)


def dropout_statistics(
    kept: Numbers = "0.25,0.4,0.7",
    mean: Annotated[float, typer.Option(help="Mean of the inputs.")] = 10.0,
    seed: Seed = 0,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Show zeros and means of dropout, in training and inference, by fraction kept."""
    check_figure(figure)
    from handgrad import inspection

    found = inspection.dropout_statistics(numbers("--kept", kept), mean=mean, seed=seed)
    finish(found, as_json=as_json, figure=figure)


def learning_rate_finder(  # noqa: PLR0913  the options of a command
    model: Annotated[
        str, typer.Argument(help="Name of a network, or a file such as config.toml.")
    ],
    settings: Set = None,
    dataset: DatasetName = None,
    optimizer: Annotated[
        str | None,
        typer.Option(help=f"{OPTIMIZERS}.", show_default="sgd"),
    ] = None,
    low: Annotated[float, typer.Option(help="First learning rate.")] = 1e-5,
    high: Annotated[float, typer.Option(help="Last learning rate.")] = 10.0,
    steps: Annotated[int, typer.Option(help="Number of steps.")] = 400,
    batch_size: Annotated[int, typer.Option(help="Images per step.")] = 64,
    normalization: Annotated[
        str, typer.Option(help="As in handgrad train: unit, half or standard.")
    ] = "unit",
    image_size: ImageSize = None,
    seed: Seed = 0,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Run a learning-rate range test and suggest a learning rate."""
    check_figure(figure)
    from handgrad import inspection
    from handgrad.catalog import find
    from handgrad.ranges import check_at_least

    if not model.endswith(".toml"):
        find("model", model)
    if image_size is not None:
        command = "handgrad inspect learning-rate-finder"
        check_at_least(command, "--image-size", image_size, 1)
    options = refuse_sections(
        parse_settings(settings or []), "handgrad inspect learning-rate-finder"
    )
    found = inspection.learning_rate_finder(
        model,
        options=options,
        optimizer=optimizer,
        low=low,
        high=high,
        steps=steps,
        batch_size=batch_size,
        normalization=normalization,
        seed=seed,
        dataset=dataset,
        data_dir=data_dir,
        image_size=None if image_size is None else (image_size, image_size),
    )
    finish(found, as_json=as_json, figure=figure)


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
    inspect.command(kind.__name__.replace("_", "-"))(documented(kind))
