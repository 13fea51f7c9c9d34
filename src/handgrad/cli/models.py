"""`handgrad models`: the networks and their options."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from handgrad.cli.options import Json


def models(
    name: Annotated[
        str | None,
        typer.Argument(help="Name of a network, to show its options in full."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the networks and the options that --set takes."""
    from handgrad import catalog
    from handgrad.cli.screens.console import say_json
    from handgrad.training.model_names import check_not_trained

    if name is not None:
        check_not_trained(name)
        catalog.find("model", name)
    chosen = {
        known: described(known) for known in catalog.MODELS if name in (None, known)
    }
    if as_json:
        say_json(chosen)
    elif name is None:
        _print_all(chosen)
    else:
        _print_one(name, chosen[name])


def described(name: str) -> dict[str, Any]:
    """The one-line description of a network, and its options with their defaults."""
    from handgrad.catalog import find
    from handgrad.docstrings import docstring
    from handgrad.options import defaults_of

    function = find("model", name)
    what = docstring(function).splitlines()[0]
    return {"what": what, "options": defaults_of(function)}


def _print_all(chosen: dict[str, dict[str, Any]]) -> None:
    from handgrad.cli.screens.console import say, show, table

    shown = table("model", "description", "options")
    for name, about in chosen.items():
        shown.add_row(name, about["what"], ", ".join(about["options"]))
    show(shown)
    say()
    say("Options of a network: handgrad models lenet")
    say("Train with options:   handgrad train lenet --set activation=tanh")


def _print_one(name: str, about: dict[str, Any]) -> None:
    from handgrad.cli.screens.console import say, show, table

    say(f"{name}: {about['what']}")
    say()
    shown = table("option", "default", "takes")
    for option, default in about["options"].items():
        shown.add_row(option, written(default), takes(name, option))
    show(shown)
    say()
    say(f"Set them with --set: handgrad train {name}{_example(name, about)}")


def written(value: Any) -> str:
    """A default in the syntax of --set."""
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(map(written, value)) + ("," if len(value) == 1 else "")
    return str(value)


def takes(name: str, option: str) -> str:
    """The values that an option takes, in words."""
    from handgrad.catalog import ACTIVATIONS, INITIALIZERS, find
    from handgrad.models.named_layers import POOLINGS
    from handgrad.models.resnet import STEMS
    from handgrad.options import hints_of, in_words

    names: dict[str, Iterable[str]] = {
        "activation": ACTIVATIONS,
        "activations": ACTIVATIONS,
        "pooling": POOLINGS,
        "stem": STEMS,
        "initializer": INITIALIZERS,
    }
    if option == "pooling" and name != "alexnet":  # others pool over windows only
        names["pooling"] = [known for known in POOLINGS if known != "global_average"]
    if option in names:
        return ", ".join(names[option])
    return in_words(hints_of(find("model", name))[option])


def _example(name: str, about: dict[str, Any]) -> str:
    """An example: the first option that takes a name, with another than its default."""
    for option, default in about["options"].items():
        others = [word for word in takes(name, option).split(", ") if word != default]
        if isinstance(default, str) and default.isidentifier():
            return f" --set {option}={others[0]}"
    return ""
