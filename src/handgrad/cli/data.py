"""`handgrad data`: list, download, draw and inspect data sets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.command import Command
from handgrad.cli.options import (
    DataDir,
    Fit,
    ImageSize,
    Json,
    LabelFrom,
    Quiet,
    SkipBad,
)
from handgrad.cli.train_options import Augment
from handgrad.docstrings import documented

if TYPE_CHECKING:
    from handgrad.arrays import Shape
    from handgrad.augmentation import Augmentation

EMBEDDED = "included in scikit-learn"
Name = Annotated[
    str, typer.Argument(help="Name of a data set, or a folder or zip of images.")
]

data = typer.Typer(
    name="data",
    help="List, download, draw and inspect data sets.",
    no_args_is_help=True,
)


@data.command("list", cls=Command)
@documented
def list_all(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List the data sets and their locations on this machine."""
    from handgrad.cli.screens.console import say, say_json, show, table
    from handgrad.datasets.local_copies import find
    from handgrad.datasets.search_path import check_root
    from handgrad.datasets.sources import SOURCES

    check_root(data_dir)
    found: dict[str, dict[str, str | None]] = {}
    for name, source in SOURCES.items():
        folder = find(source, data_dir) if source.files else EMBEDDED
        place = None if folder is None else str(folder)
        found[name] = {"what": source.description, "place": place}
    if as_json:
        say_json(found)
        return
    shown = table("data set", "description", "location")
    for name, row in found.items():
        place = row["place"] or f"handgrad data fetch {name}"
        shown.add_row(name, row["what"], place)
    show(shown)
    say()
    say("For your own images, give a folder or a zip with one folder per class, or")
    say("another format; handgrad data inspect PATH reports what would be read.")


@data.command(cls=Command)
@documented
def fetch(
    name: Annotated[
        str, typer.Argument(help="Name of a data set (see handgrad data list).")
    ],
    data_dir: DataDir = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Download a data set, verify its checksums and print its location."""
    from handgrad.cli.screens.console import say, say_json
    from handgrad.cli.screens.loading import loading
    from handgrad.datasets.load import fetch as download

    with loading(quiet=quiet) as progress:
        folder = download(name, data_dir=data_dir, progress=progress)
    if as_json:
        say_json({"dataset": name, "folder": str(folder)})
    else:
        say(f"{name} is in {folder}")


@data.command(cls=Command)
@documented
def show(  # noqa: PLR0913 - a command's options are its arguments
    name: Name = "digits",
    out: Annotated[
        Path | None,
        typer.Option(help="File for the figure.", show_default="NAME_samples.png"),
    ] = None,
    per_class: Annotated[int, typer.Option(help="Number of images per class.")] = 10,
    label_from: LabelFrom = None,
    skip_bad: SkipBad = False,
    data_dir: DataDir = None,
    image_size: ImageSize = None,
    fit: Fit = None,
    augment: Augment = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw labelled samples of a data set to an image file.

    With --augment, draw the first image of each class, and the same image augmented.
    """
    from handgrad.cli.screens.console import say, say_json
    from handgrad.cli.screens.loading import loading
    from handgrad.datasets.image_fit import fit_named
    from handgrad.datasets.load import load
    from handgrad.inspection import figures
    from handgrad.inspection.figures.labelled_samples import MOST_ACROSS
    from handgrad.ranges import check_at_least, check_count
    from handgrad.text import in_file_name

    check_count("handgrad data show", "--per-class", per_class, most=MOST_ACROSS)
    if image_size is not None:
        check_at_least("handgrad data show", "--image-size", image_size, 1)
    size = None if image_size is None else (image_size, image_size)
    with loading(quiet=quiet) as progress:
        found = load(
            name,
            data_dir=data_dir,
            image_size=size,
            fit=fit_named(fit),
            progress=progress,
            label_from=label_from,
            skip_bad=skip_bad,
        )
    split, names = found.train, found.class_names
    if augment:
        changes = _augmentation_of(augment, split.image_shape)
        figure = figures.augmented_samples(split, names, changes, per_class=per_class)
    else:
        figure = figures.labelled_samples(
            split.images, split.targets, names, per_class=per_class
        )
    plain = in_file_name(Path(found.name).stem) or "images"
    path = out or Path(f"{plain}_samples.png")
    (written,) = figures.save(figure, path.with_suffix(""))
    if as_json:
        say_json(
            {
                "dataset": found.name,
                "picture": str(written),
                "train": len(found.train),
                "test": 0 if found.test is None else len(found.test),
                "image_shape": found.image_shape,
                "class_names": found.class_names,
                "sha256": found.checksum,
            }
        )
    else:
        count = "no" if found.test is None else f"{len(found.test):,}"
        say(f"{found.name}: {len(found.train):,} training images, {count} test images.")
        say(f"Samples are in {written}.")


def _augmentation_of(words: list[str], shape: "Shape") -> "list[Augmentation]":
    """What `--augment` asks for, if images of this shape are large enough."""
    from handgrad.cli.train_options import tables_from
    from handgrad.training.build import build_augmentation
    from handgrad.training.config import config_from

    config = config_from(tables_from({"augment": words}, {}), "--augment")
    return build_augmentation(config, shape)


@data.command("inspect", cls=Command)
@documented
def inspect_data(
    path: Annotated[str, typer.Argument(help="Path of images, or name of a data set.")],
    label_from: LabelFrom = None,
    data_dir: DataDir = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Report what would be read from a path, and any problems found there."""
    from handgrad.cli.screens.console import say_json
    from handgrad.cli.screens.loading import loading
    from handgrad.cli.screens.surveys import show_survey
    from handgrad.datasets.load import inspect

    with loading(quiet=quiet) as progress:
        found = inspect(
            path, data_dir=data_dir, label_from=label_from, progress=progress
        )
    if as_json:
        say_json({"path": path, **found.as_dict()})
    else:
        show_survey(path, found)
