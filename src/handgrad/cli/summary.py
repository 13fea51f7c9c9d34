"""`handgrad summary`: the layers of a network and their costs."""

from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import ImageSize, Json, Set, parse_settings, refuse_sections

if TYPE_CHECKING:
    from handgrad.arrays import Shape
    from handgrad.inspection.summary import Summary
    from handgrad.layers import Sequential


def summary(
    model: Annotated[
        str,
        typer.Argument(
            help="Name of a network (see handgrad models), a run, or a saved network."
        ),
    ],
    settings: Set = None,
    image_size: ImageSize = None,
    channels: Annotated[
        int | None,
        typer.Option(
            help="Number of channels: 1 for grey, 3 for colour.", show_default="1"
        ),
    ] = None,
    classes: Annotated[
        int | None, typer.Option(help="Number of classes.", show_default="10")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show shape, parameters, multiply-adds, bytes and receptive field by layer."""
    from handgrad.cli.screens.console import say_json
    from handgrad.inspection.summary import summary as summarize
    from handgrad.training.model_names import is_trained

    sizes = {"image-size": image_size, "channels": channels, "classes": classes}
    given = {name: size for name, size in sizes.items() if size is not None}
    if is_trained(model):
        network, shape = _trained(model, [*given, *(["set"] if settings else [])])
    else:
        network, shape = _named(model, settings or [], given)
    found = summarize(network, shape)
    if as_json:
        say_json({"model": model, **found.as_dict()})
    else:
        _print(found)


def _trained(path: str, given: list[str]) -> "tuple[Sequential, Shape]":
    """The network of a run or a file, and the shape of its inputs."""
    from handgrad.errors import ConfigError
    from handgrad.training.trained_network import load

    if given:
        raise ConfigError(
            f"handgrad summary takes no --{given[0]} with a trained network, which has "
            "its own. Remove it, or give the name of a network."
        )
    found = load(path)
    return found.model, found.input_shape


def _named(
    model: str, settings: list[str], given: dict[str, int]
) -> "tuple[Sequential, Shape]":
    """A network of the catalogue, and the shape of its inputs."""
    from handgrad import catalog
    from handgrad.ranges import check_at_least

    sizes = {"image-size": 28, "channels": 1, "classes": 10, **given}
    for name, value in sizes.items():
        least = 2 if name == "classes" else 1
        check_at_least("handgrad summary", f"--{name}", value, least)
    shape = (sizes["channels"], sizes["image-size"], sizes["image-size"])
    options = refuse_sections(parse_settings(settings), "handgrad summary")
    network: Sequential = catalog.build(
        "model", model, options, input_shape=shape, classes=sizes["classes"]
    )
    return network, shape


def _print(found: "Summary") -> None:
    """Print the table and the totals."""
    from handgrad.cli.screens.console import say, show, table
    from handgrad.inspection.table import sizes

    numbers = ("parameters", "multiply-adds", "bytes")
    shown = table("layer", "", "outputs", *numbers, "receptive field", right=numbers)
    shown.add_row("(image)", "", sizes(found.input_shape), "", "", "", "")
    for row in found.rows:
        shown.add_row(
            row.name,
            row.layer,
            sizes(row.output_shape),
            _count(row.parameters),
            _count(row.multiply_adds),
            _count(row.activation_bytes),
            sizes(row.receptive_field) if row.receptive_field else "",
        )
    show(shown)
    say()
    say(
        f"{found.parameters:,} parameters; {found.multiply_adds:,} multiply-adds and "
        f"{found.activation_bytes:,} bytes of activations per image (forward pass)."
    )


def _count(number: int) -> str:
    return f"{number:,}" if number else ""
