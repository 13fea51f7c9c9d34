"""`handgrad predict`: classify image files with a trained network."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import Json, SkipBad, Workers
from handgrad.cli.output_files import check_apart, file_target, holds_something
from handgrad.errors import ConfigError, DatasetError

if TYPE_CHECKING:
    from handgrad.training.image_predictions import Answer
    from handgrad.training.trained_network import TrainedNetwork

INVERT_CHOICES = ("no", "auto", "yes")
HEAD = b"image,class,"  # of a CSV file of predictions


def predict(  # noqa: PLR0913 - a command's options are its arguments
    run: Annotated[
        Path, typer.Argument(help="Run folder of handgrad train, or a saved network.")
    ],
    images: Annotated[
        list[Path],
        typer.Argument(help="Image files, folders of images, or CSV files of pixels."),
    ],
    top: Annotated[int, typer.Option(help="Number of classes to print.")] = 3,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV file to write the predictions to."),
    ] = None,
    invert: Annotated[
        str,
        typer.Option(
            metavar="WHEN",
            help="Inversion of light and dark: yes, no, or auto (only for images that "
            "look inverted).",
        ),
    ] = "no",
    unsure: Annotated[
        float | None,
        typer.Option(
            metavar="PROBABILITY",
            help="Mark images whose most probable class is less probable than this.",
            show_default="none is marked",
        ),
    ] = None,
    skip_bad: SkipBad = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Classify images, with class probabilities if the network gives them."""
    from handgrad.cli.screens.answers import as_dict, csv_text, show_answers
    from handgrad.cli.screens.console import say, say_json
    from handgrad.datasets.image_files import in_words
    from handgrad.training.atomic import write_file
    from handgrad.training.image_predictions import answers_of, image_paths
    from handgrad.training.other_images import bit_depth_for
    from handgrad.training.same_kernels import evaluate_with
    from handgrad.training.trained_network import load

    _check(top, invert, unsure)
    files, passed_over = image_paths(images)
    if csv is not None:
        check_apart("--csv", csv, run)
    target = None if csv is None else _csv_target(csv, files)
    evaluate_with(run)
    classifier = load(run, workers=workers)
    _check_confidence(unsure, classifier)
    source = str(images[0]) if len(images) == 1 else f"{len(files):,} files"
    depth = bit_depth_for(classifier.config, files, source)
    answers, bad = answers_of(classifier, files, depth, invert)
    try:
        if target is not None:
            write_file(target, csv_text(answers, classifier, unsure).encode())
    finally:  # also if the file cannot be written
        if as_json:
            found = [as_dict(answer, classifier, unsure) for answer in answers]
            said = {"unreadable": bad, "passed_over": dict(passed_over)}
            say_json({"run": str(run), "predictions": found, **said})
        elif answers:
            show_answers(answers, classifier, top, unsure)
    if passed_over:
        say(in_words(passed_over), stderr=True)
    _warn(answers, invert)
    _note_changes(run, classifier)
    for sentence in bad if len(files) > 1 else ():
        say(sentence, stderr=True)
    if bad and not (skip_bad and answers):
        raise DatasetError(
            bad[0]
            if len(files) == 1
            else f"{len(bad):,} of {len(files):,} files could not be read; all others "
            "were classified. Replace or remove them, or skip them with --skip-bad."
        )


def _csv_target(csv: Path, files: Sequence[Path]) -> Path:
    """The file to write; ConfigError if it is an image or an input."""
    from handgrad.datasets.image_decoding import SUFFIXES

    target = file_target("--csv", csv)
    is_input = any(target == path.resolve() for path in files)
    if is_input or csv.suffix.lower() in SUFFIXES:
        what = "one of the inputs" if is_input else "the name of an image"
        raise ConfigError(
            f"--csv writes the predictions to {csv}, which is {what}. Give another "
            "path, such as predictions.csv."
        )
    if holds_something(target) and not _begins(target, HEAD):
        raise ConfigError(
            f"--csv would replace {csv}, which exists and holds no predictions. Give "
            "another path, such as predictions.csv."
        )
    return target


def _begins(path: Path, head: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(head)) == head


def _check(top: int, invert: str, unsure: float | None) -> None:
    if unsure is not None and not 0 < unsure <= 1:
        raise ConfigError(
            f"--unsure takes a probability above 0 and up to 1, got {unsure}. "
            "For example: --unsure 0.6"
        )
    if top < 1:
        raise ConfigError(
            f"--top takes an integer of at least 1, got {top}. Give 1 or more."
        )
    if invert not in INVERT_CHOICES:
        raise ConfigError(
            f"--invert takes no, auto or yes, got {invert!r}. "
            "For example: --invert auto"
        )


def _check_confidence(unsure: float | None, classifier: "TrainedNetwork") -> None:
    if unsure is not None and not classifier.gives_probabilities:
        raise ConfigError(
            "--unsure needs a network whose loss gives probabilities, got "
            f"{classifier.config.loss.name}. Leave it out, or train with "
            "softmax_cross_entropy."
        )


def _note_changes(run: Path, classifier: "TrainedNetwork") -> None:
    """Print a warning if the training images have changed since training."""
    from handgrad.cli.screens.console import say
    from handgrad.training.data_record import changes_of_names

    found = changes_of_names(run, classifier.config)
    if found:
        name = classifier.config.dataset.name
        said = f"{name} has changed since training: {found}. The network was trained on"
        say(f"{said} the earlier content.", stderr=True)


def _warn(answers: "list[Answer]", invert: str) -> None:
    """Print a warning about images that look inverted (light and dark swapped)."""
    from handgrad.cli.screens.console import say

    count = sum(answer.seems_inverted for answer in answers)
    if not count or invert == "yes":
        return
    which = f"{count:,} of {len(answers):,} images" if len(answers) > 1 else "The image"
    verb = "look" if count > 1 else "looks"
    done = "; light and dark were swapped" if invert == "auto" else ""
    hint = "" if invert == "auto" else " To swap them, add --invert auto"
    say(
        f"{which} {verb} inverted: light where the training images are dark, or vice "
        f"versa{done}.{hint}",
        stderr=True,
    )
