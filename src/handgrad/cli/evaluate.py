"""`handgrad evaluate`: what a trained network gets right and wrong."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import DataDir, Json, Quiet, Workers, flag

if TYPE_CHECKING:
    from handgrad.metrics import Evaluation
    from handgrad.training.trained_network import TrainedNetwork

PAIRS = 5


def evaluate(
    run: Annotated[Path, typer.Argument(help="A folder that handgrad train made.")],
    split: Annotated[
        str | None,
        typer.Option(help="test, validation or train; test where there is one."),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME|PATH", help="Other images of the same classes."),
    ] = None,
    last: Annotated[
        bool, flag("--last", says="The last checkpoint, not the best.")
    ] = False,
    data_dir: DataDir = None,
    quiet: Quiet = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Count right and wrong answers, class by class."""
    from handgrad.cli.screens.console import say_json
    from handgrad.cli.screens.loading import loading
    from handgrad.training.run_images import check_split, run_images
    from handgrad.training.trained_network import load

    check_split(split)
    classifier = load(run, "last" if last else "best", workers=workers)
    with loading(quiet=quiet) as progress:
        name, images = run_images(
            classifier.config,
            split,
            dataset=dataset,
            data_dir=data_dir,
            progress=progress,
        )
    found = classifier.evaluate(images)
    if as_json:
        say_json({"run": str(run), "split": name, **_as_dict(found, classifier)})
    else:
        _print(found, classifier.class_names, name, quiet=quiet)


def _as_dict(found: "Evaluation", classifier: "TrainedNetwork") -> dict[str, Any]:
    names = classifier.class_names
    return {
        "images": int(found.support.sum()),
        "loss": found.loss,
        "accuracy": found.accuracy,
        "macro_precision": found.macro_precision,
        "macro_recall": found.macro_recall,
        "macro_f1": found.macro_f1,
        "classes": [
            {
                "name": name,
                "precision": float(found.precision[number]),
                "recall": float(found.recall[number]),
                "f1": float(found.f1[number]),
                "images": int(found.support[number]),
                "mistakes": int(found.mistakes_per_class[number]),
            }
            for number, name in enumerate(names)
        ],
        "confusion": found.confusion.tolist(),
        "most_confused": [
            {"true": names[true], "predicted": names[predicted], "count": count}
            for true, predicted, count in found.most_confused(PAIRS)
        ],
    }


def _print(
    found: "Evaluation", names: tuple[str, ...], split: str, *, quiet: bool
) -> None:
    from handgrad.cli.screens.console import say, show, table

    total = int(found.support.sum())
    right = total - int(found.mistakes_per_class.sum())
    say(
        f"{split}: {right:,} of {total:,} right, accuracy {found.accuracy:.2%}, "
        f"loss {found.loss:.4f}"
    )
    if quiet:
        return
    columns = ("images", "mistakes", "precision", "recall", "F1")
    shown = table("class", *columns, right=columns)
    for number, name in enumerate(names):
        shown.add_row(
            name,
            f"{found.support[number]:,}",
            f"{found.mistakes_per_class[number]:,}",
            *(f"{values[number]:.3f}" for values in (found.precision, found.recall)),
            f"{found.f1[number]:.3f}",
        )
    shown.add_row(
        "macro average",
        "",
        "",
        f"{found.macro_precision:.3f}",
        f"{found.macro_recall:.3f}",
        f"{found.macro_f1:.3f}",
    )
    show(shown)
    pairs = found.most_confused(PAIRS)
    if pairs:
        say()
        say("most confused")
    for true, predicted, count in pairs:
        say(f"  {names[true]} taken for {names[predicted]}: {count:,} times")
