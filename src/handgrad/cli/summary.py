"""`handgrad summary`: the layers of a network and their costs."""

from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import ImageSize, Json, Set, parse_settings, refuse_sections

if TYPE_CHECKING:
    from handgrad.inspection.summary import Summary


def summary(
    model: Annotated[
        str, typer.Argument(help="Name of a network: see handgrad models.")
    ],
    settings: Set = None,
    image_size: ImageSize = None,
    channels: Annotated[
        int, typer.Option(help="Number of channels: 1 for grey, 3 for colour.")
    ] = 1,
    classes: Annotated[int, typer.Option(help="Number of classes.")] = 10,
    as_json: Json = False,
) -> None:
    """Show shape, parameters, multiply-adds, bytes and receptive field by layer."""
    from handgrad import catalog
    from handgrad.cli.screens.console import say_json
    from handgrad.inspection.summary import summary as summarize
    from handgrad.ranges import check_at_least

    side = 28 if image_size is None else image_size
    for name, value in (("image-size", side), ("channels", channels)):
        check_at_least("handgrad summary", f"--{name}", value, 1)
    check_at_least("handgrad summary", "--classes", classes, 2)
    shape = (channels, side, side)
    options = refuse_sections(parse_settings(settings or []), "handgrad summary")
    network = catalog.build("model", model, options, input_shape=shape, classes=classes)
    found = summarize(network, shape)
    if as_json:
        say_json({"model": model, **found.as_dict()})
    else:
        _print(found)


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
