"""What the kinds of `handgrad inspect` share: options, images, and their last steps."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from handgrad.cli.options import DATA
from handgrad.errors import ConfigError
from handgrad.ranges import check_at_least

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

    from handgrad.arrays import NumpyArray, Shape
    from handgrad.layers import Sequential
    from handgrad.losses import Loss

FigureFile = Annotated[
    Path | None,
    typer.Option(
        "--figure", metavar="FILE", help="Draw it, into a file ending in .png or .svg."
    ),
]
Run: TypeAlias = Annotated[
    Path, typer.Argument(help="A folder that handgrad train made.")
]
MaybeRun: TypeAlias = Annotated[
    Path | None, typer.Argument(help="A folder that handgrad train made; or nothing.")
]
SplitName = Annotated[
    str | None,
    typer.Option(
        "--split", help="test, validation or train of a run.", rich_help_panel=DATA
    ),
]
DatasetName = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="NAME|PATH",
        help="Other images; without a run, digits.",
        rich_help_panel=DATA,
    ),
]
Count = Annotated[
    int,
    typer.Option("--images", help="How many images to take.", rich_help_panel=DATA),
]
Image = Annotated[int, typer.Option("--image", help="Which image, counted from 0.")]
Numbers = Annotated[
    str, typer.Option(metavar="NUMBERS", help="Numbers with commas between them.")
]
ENDINGS = (".png", ".svg")
DIGITS_SIZE = (28, 28)
LARGEST = 2**31  # a place or a depth beyond it is a slip of the hand


@dataclass(frozen=True)
class Sample:
    """Some images, and the network that looks at them if a run was given.

    Shapes
        images   (count, channels, height, width), uint8
        inputs   the same, normalised, float64
        targets  (count,)
    """

    images: "NumpyArray"
    inputs: "NumpyArray"
    targets: "NumpyArray"
    class_names: tuple[str, ...]
    what: str

    @property
    def image_shape(self) -> "Shape":
        """(channels, height, width) of one image."""
        return tuple(self.images.shape[1:])


def of_run(
    run: Path,
    count: int,
    *,
    split: str | None = None,
    dataset: str | None = None,
    data_dir: Path | None = None,
) -> "tuple[Sequential, Loss[Any], Sample]":
    """A run's network, its loss, and the first images of one of its splits."""
    from handgrad.cli.evaluate import SPLITS, _images
    from handgrad.errors import unknown_name
    from handgrad.training.trained_network import load

    check_at_least("handgrad inspect", "--images", count, 1)
    if split is not None and split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    classifier = load(run)
    name, images = _images(classifier, split, dataset, data_dir, quiet=True)
    first = images.images[:count]
    sample = Sample(
        images=first,
        inputs=classifier.normalization.apply(first).astype("float64"),
        targets=images.targets[:count],
        class_names=classifier.class_names,
        what=f"the first {len(first)} {name} images of {run}",
    )
    return classifier.model, classifier.loss, sample


def of_dataset(
    dataset: str | None, count: int, *, data_dir: Path | None = None
) -> Sample:
    """The first training images of a data set, by default the digits."""
    from handgrad import datasets

    check_at_least("handgrad inspect", "--images", count, 1)
    name = dataset or "digits"
    size = DIGITS_SIZE if name == "digits" else None
    found = datasets.load(name, data_dir=data_dir, image_size=size)
    images = found.train.images[:count]
    standard = datasets.normalization("standard", found.train.images)
    return Sample(
        images=images,
        inputs=standard.apply(images).astype("float64"),
        targets=found.train.targets[:count],
        class_names=found.class_names,
        what=f"the first {len(images)} training images of {found.name}",
    )


def numbers(option: str, text: str) -> list[float]:
    """Finite numbers with commas between them."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [nan]
    if not all(isfinite(value) for value in found):
        raise ConfigError(
            f"{option} takes numbers with commas between them, got {text!r}. "
            f"Write it like {option} 1,2.5."
        )
    return found


def whole_numbers(option: str, text: str) -> list[int]:
    """Whole numbers with commas between them."""
    found = numbers(option, text)
    if not all(value.is_integer() and abs(value) < LARGEST for value in found):
        raise ConfigError(
            f"{option} takes whole numbers, got {text!r}. Write it like {option} 1,2."
        )
    return [int(value) for value in found]


def check_figure(path: Path | None) -> None:
    """ConfigError for a kind of file that is not drawn, before any work is done."""
    if path is not None and path.suffix not in ENDINGS:
        raise ConfigError(
            f"--figure takes a file that ends in .png or .svg, got {path}. "
            f"Write it like --figure {path.stem or 'figure'}.png."
        )


def finish(
    values: dict[str, Any],
    *,
    as_json: bool,
    figure: Path | None,
    tables: "Callable[[], list[Table | str]]",
    draw: "Callable[[], Figure]",
) -> None:
    """Draw if asked; then print the tables and sentences, or one JSON object."""
    from handgrad.cli.screens.console import say, say_json, show

    if figure is not None:
        from handgrad.inspection.figures import save

        save(draw(), figure.with_suffix(""), formats=(figure.suffix[1:],))
    if as_json:
        say_json({**values, "figure": None if figure is None else str(figure)})
        return
    for number, part in enumerate(tables()):
        if number:
            say()
        if isinstance(part, str):
            say(part)
        else:
            show(part)
    if figure is not None:
        say(f"\nDrawn: {figure}")


def up_to(image: int) -> int:
    """How many images to read so that this one is there."""
    if image < 0:
        raise ConfigError(
            f"--image takes a number from 0 up, got {image}. Count images from 0."
        )
    return image + 1


def check_there(image: int, count: int) -> None:
    """ConfigError if there is no image of that number."""
    if image >= count:
        raise ConfigError(
            f"There are {count} images, and --image asks for number {image}. "
            f"Take one from 0 to {count - 1}."
        )
