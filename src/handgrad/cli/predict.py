"""`handgrad predict`: what a trained network sees in picture files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import Json, Workers
from handgrad.errors import ConfigError

if TYPE_CHECKING:
    from handgrad.arrays import NumpyArray


def predict(
    run: Annotated[Path, typer.Argument(help="A folder that handgrad train made.")],
    images: Annotated[list[Path], typer.Argument(help="Picture files.")],
    top: Annotated[int, typer.Option(help="How many classes to name.")] = 3,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Name what is in pictures, with probabilities."""
    import numpy as np

    from handgrad.cli.screens.console import say_json
    from handgrad.training.trained_network import load

    if top < 1:
        raise ConfigError(
            f"--top takes a whole number from 1 up, got {top}. Change it."
        )
    classifier = load(run, workers=workers)
    pictures = np.stack([classifier.read_image(path) for path in images])
    probabilities = classifier.predict_probabilities(pictures)
    names = classifier.class_names
    if as_json:
        answers = [
            _answer(path, row, names)
            for path, row in zip(images, probabilities, strict=True)
        ]
        say_json({"run": str(run), "predictions": answers})
    else:
        _print(images, probabilities, names, top)


def _answer(path: Path, row: "NumpyArray", names: tuple[str, ...]) -> dict[str, Any]:
    """One picture's class and the probability of every class."""
    best = int(row.argmax())
    return {
        "image": str(path),
        "class": names[best],
        "probability": float(row[best]),
        "probabilities": dict(zip(names, row.tolist(), strict=True)),
    }


def _print(
    images: list[Path], probabilities: "NumpyArray", names: tuple[str, ...], top: int
) -> None:
    from handgrad.cli.screens.console import show, table

    shown = table("image", "", "probability", "then", right=("probability",))
    for path, row in zip(images, probabilities, strict=True):
        order = (-row).argsort(kind="stable")[:top]
        best, *others = ((names[place], float(row[place])) for place in order)
        then = ", ".join(f"{name} {share:.1%}" for name, share in others)
        shown.add_row(str(path), best[0], f"{best[1]:.1%}", then)
    show(shown)
