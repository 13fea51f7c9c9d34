"""`handgrad evaluate`: what a trained network gets right and wrong."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import DataDir, Json, Quiet, Workers, flag
from handgrad.errors import ConfigError, DatasetError, unknown_name

if TYPE_CHECKING:
    from handgrad.datasets.dataset import Split
    from handgrad.metrics import Evaluation
    from handgrad.training.trained_network import TrainedNetwork

SPLITS = ("test", "validation", "train")
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
    from handgrad.training.trained_network import load

    if split is not None and split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    classifier = load(run, "last" if last else "best", workers=workers)
    name, images = _images(classifier, split, dataset, data_dir, quiet=quiet)
    found = classifier.evaluate(images)
    if as_json:
        say_json({"run": str(run), "split": name, **_as_dict(found, classifier)})
    else:
        _print(found, classifier.class_names, name, quiet=quiet)


def _images(
    classifier: "TrainedNetwork",
    split: str | None,
    dataset: str | None,
    data_dir: Path | None,
    *,
    quiet: bool,
) -> tuple[str, "Split"]:
    """The images to look at, cut exactly as in training."""
    from handgrad.cli.screens.loading import loading
    from handgrad.training.build import load_dataset, split_of

    config = classifier.config
    changes: dict[str, Any] = {"image_size": classifier.input_shape[1:]}
    if dataset is not None:
        changes["name"] = dataset
    if data_dir is not None:
        changes["data_dir"] = str(data_dir)
    tables = config.dataset.model_copy(update=changes)
    config = config.model_copy(update={"dataset": tables})
    with loading(quiet=quiet) as progress:
        found = load_dataset(config, progress)
    if found.class_names != classifier.class_names:
        raise DatasetError(
            f"{found.name} has other classes than the network was trained for: "
            f"{_some(found.class_names)} instead of {_some(classifier.class_names)}. "
            "Give images of the same classes."
        )
    name = split or ("test" if found.test is not None else "validation")
    if name == "test":
        chosen = found.test
    else:
        train, validation = split_of(config, found)
        chosen = train if name == "train" else validation
    if chosen is None:
        raise ConfigError(
            f"{found.name} has no {name} images in this run. "
            "Take another part with --split train."
        )
    return name, chosen


def _some(names: tuple[str, ...], most: int = 12) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


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
