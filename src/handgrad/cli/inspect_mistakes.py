"""Kinds of `handgrad inspect` on where a run's network errs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.inspect_inputs import (
    DatasetName,
    FigureFile,
    Run,
    SplitName,
    check_figure,
    finish,
)
from handgrad.cli.options import DataDir, Json
from handgrad.ranges import check_at_least

if TYPE_CHECKING:
    from rich.table import Table

    from handgrad.datasets import Split
    from handgrad.training.trained_network import TrainedNetwork


def confusion(
    run: Run,
    pairs: Annotated[int, typer.Option(help="How many pairs to name.")] = 10,
    split: SplitName = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Which class is taken for which, the most frequent confusions first."""
    check_figure(figure)
    check_at_least("handgrad inspect", "--pairs", pairs, 1)
    from handgrad.cli.screens.console import table

    classifier, what, images = _seen_by(run, split, dataset, data_dir)
    names = classifier.class_names
    found = classifier.evaluate(images)
    most = found.most_confused(pairs)

    def tables() -> "list[Table | str]":
        heads = ("images", "of the class")
        shown = table("true", "taken for", *heads, right=heads)
        for true, answer, count in most:
            share = f"{count / found.support[true]:.1%}"
            shown.add_row(names[true], names[answer], f"{count:,}", share)
        wrong = int(found.mistakes_per_class.sum())
        return [shown, f"{wrong:,} of {len(images):,} {what} images are wrong."]

    def draw() -> Any:
        from handgrad.inspection.figures import confusion_matrix

        return confusion_matrix(found.confusion, names, what=what)

    values = {
        "split": what,
        "confusion": found.confusion.tolist(),
        "most_confused": [
            {"true": names[true], "predicted": names[answer], "count": count}
            for true, answer, count in most
        ],
    }
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)


def mistakes(
    run: Run,
    count: Annotated[int, typer.Option(help="How many mistakes to list.")] = 24,
    split: SplitName = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """The wrong answers that the network was surest of, as a list and a gallery."""
    check_figure(figure)
    check_at_least("handgrad inspect", "--count", count, 1)
    from handgrad.cli.screens.console import table

    classifier, what, images = _seen_by(run, split, dataset, data_dir)
    names = classifier.class_names
    probabilities = classifier.predict_probabilities(images.images)
    from handgrad.inspection.figures.mistakes import worst_mistakes

    worst = worst_mistakes(probabilities, images.targets, count)

    def tables() -> "list[Table | str]":
        shown = table("image", "true", "answer", "sure", right=("image", "sure"))
        for one in worst:
            said = (names[one.target], names[one.prediction], f"{one.probability:.1%}")
            shown.add_row(str(one.row), *said)
        wrong = int((probabilities.argmax(axis=1) != images.targets).sum())
        return [shown, f"{wrong:,} of {len(images):,} {what} images are wrong."]

    def draw() -> Any:
        from handgrad.inspection import figures

        return figures.mistakes(
            images.images, images.targets, probabilities, names, what=what
        )

    values = {
        "split": what,
        "mistakes": [
            {
                "image": one.row,
                "true": names[one.target],
                "predicted": names[one.prediction],
                "probability": one.probability,
            }
            for one in worst
        ],
    }
    finish(values, as_json=as_json, figure=figure, tables=tables, draw=draw)


def _seen_by(
    run: Path, split: str | None, dataset: str | None, data_dir: Path | None
) -> "tuple[TrainedNetwork, str, Split]":
    """A run's best network, and all images of one of its splits with its name."""
    from handgrad.cli.evaluate import SPLITS, _images
    from handgrad.errors import unknown_name
    from handgrad.training.trained_network import load

    if split is not None and split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    classifier = load(run)
    return classifier, *_images(classifier, split, dataset, data_dir, quiet=True)
