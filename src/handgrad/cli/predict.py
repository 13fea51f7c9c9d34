"""`handgrad predict`: what a trained network sees in picture files."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import Json, SkipBad, Workers
from handgrad.errors import ConfigError, DatasetError

if TYPE_CHECKING:
    from handgrad.cli.screens.answers import Answer
    from handgrad.training.trained_network import TrainedNetwork

BATCH = 256  # pictures in memory at once
TABLES = (".csv", ".tsv")
OTHERS = {  # what is no picture by its name, and what to do with it
    **dict.fromkeys((".zip", ".tar", ".tgz", ".gz"), "Unpack it, and give its folder."),
    **dict.fromkeys(
        (".npy", ".npz"), "Give arrays in Python: handgrad.load(run).predict(images)."
    ),
}
WAYS = ("no", "auto", "yes")


def predict(
    run: Annotated[Path, typer.Argument(help="A folder that handgrad train made.")],
    images: Annotated[
        list[Path],
        typer.Argument(help="Picture files, folders of them, or CSV files of pixels."),
    ],
    top: Annotated[int, typer.Option(help="How many classes to name.")] = 3,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the answers to a table, too."),
    ] = None,
    invert: Annotated[
        str,
        typer.Option(
            metavar="WHEN",
            help="Swap dark and light: auto where a picture seems inverted, yes, no.",
        ),
    ] = "no",
    skip_bad: SkipBad = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Name what is in pictures, with probabilities where the network gives them."""
    from handgrad.cli.screens.answers import csv_text, show_answers
    from handgrad.cli.screens.console import say, say_json
    from handgrad.datasets.picture_files import in_words
    from handgrad.paths import target_of
    from handgrad.training.atomic import write_file
    from handgrad.training.other_images import bit_depth_for
    from handgrad.training.trained_network import load

    _check(top, invert)
    files, passed_over = picture_paths(images)
    if csv is not None:
        _check_csv(csv, files)
    classifier = load(run, workers=workers)
    source = str(images[0]) if len(images) == 1 else f"{len(files):,} files"
    depth = bit_depth_for(classifier.config, files, source)
    bad: list[str] = []
    answers = [
        answer
        for part in _portions(files)
        for answer in _answered(classifier, part, depth, invert, bad)
    ]
    if csv is not None:
        write_file(target_of(csv), csv_text(answers, classifier).encode())
    if as_json:
        found = [answer.as_dict(classifier) for answer in answers]
        said = {"unreadable": bad, "passed_over": dict(passed_over)}
        say_json({"run": str(run), "predictions": found, **said})
    elif answers:
        show_answers(answers, classifier, top)
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
            else f"{len(bad):,} of {len(files):,} files could not be read; all "
            "others are answered. Replace them or take them out, or go on without "
            "them (--skip-bad)."
        )


def picture_paths(given: Iterable[Path]) -> tuple[list[Path], Counter[str]]:
    """The files, and of each folder every picture in it and the folders below.

    Beside them the kinds of what was passed over in folders, with their counts.
    """
    from handgrad.datasets.picture_files import Folder, in_words

    files: list[Path] = []
    passed_over: Counter[str] = Counter()
    for path in given:
        if not path.is_dir():
            files.append(path)
            continue
        folder = Folder(path)
        found = folder.sorted_files()
        if not found:
            over = f" ({in_words(folder.passed_over)})" if folder.passed_over else ""
            raise DatasetError(f"{path} holds no pictures{over}. Give another folder.")
        files += (path / file.name for file in found)
        passed_over += folder.passed_over
    return files, passed_over


def _check_csv(csv: Path, files: Sequence[Path]) -> None:
    """ConfigError for answers that would replace a picture, or what they are of."""
    from handgrad.datasets.pictures import SUFFIXES
    from handgrad.paths import target_of

    target = target_of(csv).resolve()
    if not target.parent.is_dir():
        raise ConfigError(
            f"--csv writes the answers to {csv}, but its folder is not there. Make the "
            "folder, or give another name."
        )
    is_input = any(target == path.resolve() for path in files)
    if is_input or csv.suffix.lower() in SUFFIXES:
        what = "one of the inputs" if is_input else "the name of a picture"
        raise ConfigError(
            f"--csv writes the answers to {csv}, which is {what}. Give another name, "
            "such as answers.csv."
        )


def _check(top: int, invert: str) -> None:
    if top < 1:
        raise ConfigError(
            f"--top takes a whole number from 1 up, got {top}. Change it."
        )
    if invert not in WAYS:
        raise ConfigError(
            f"--invert takes {', '.join(WAYS)}, got {invert!r}. "
            "Write it like --invert auto."
        )


def _portions(files: list[Path]) -> Iterator[list[Path]]:
    for start in range(0, len(files), BATCH):
        yield files[start : start + BATCH]


def _answered(
    classifier: "TrainedNetwork",
    paths: list[Path],
    bit_depth: int,
    invert: str,
    bad: list[str],
) -> "list[Answer]":
    """The answers for the files that can be read; sentences on the others in `bad`."""
    import numpy as np

    from handgrad.cli.screens.answers import Answer
    from handgrad.datasets.inverted import seems_inverted

    resolved = classifier.config.resolved
    usual = None if resolved is None else resolved.brightness
    read: list[tuple[Path, Any, bool]] = []
    for path, pixels in _pictures(classifier, paths, bit_depth, bad):
        is_other = seems_inverted(pixels, usual)
        if invert == "yes" or (invert == "auto" and is_other):
            pixels = 255 - pixels
        read.append((path, pixels, is_other))
    if not read:
        return []
    scores = classifier.scores(np.stack([pixels for _, pixels, _ in read]))
    return [
        Answer(path, row, is_other)
        for (path, _, is_other), row in zip(read, scores, strict=True)
    ]


def _pictures(
    classifier: "TrainedNetwork", paths: list[Path], bit_depth: int, bad: list[str]
) -> Iterator[tuple[Path, Any]]:
    """Each picture with its pixels: one of a file, many of a table of pixels."""
    from handgrad.datasets.pictures import read_image

    for path in paths:
        try:
            if path.suffix.lower() in TABLES and path.is_file():
                yield from _rows(classifier, path)
            elif path.suffix.lower() in OTHERS and path.is_file():
                raise DatasetError(
                    f"{path} is no picture, and predict takes picture files, folders "
                    f"of them and CSV files of pixels. {OTHERS[path.suffix.lower()]}"
                )
            else:
                yield path, read_image(path, classifier.input_shape, bit_depth)
        except DatasetError as error:
            bad.append(str(error))


def _rows(classifier: "TrainedNetwork", path: Path) -> Iterator[tuple[Path, Any]]:
    """The images of a CSV file, counted from 1; labels in it are left alone."""
    from handgrad.datasets.formats.pixel_csv import read_rows
    from handgrad.datasets.formats.pixel_strings import is_pixel_strings, read_strings
    from handgrad.training.other_images import as_shape

    images = read_strings(path) if is_pixel_strings(path) else read_rows(path)[0]
    for number, image in enumerate(as_shape(images, classifier.input_shape), 1):
        yield Path(f"{path}:{number}"), image


def _note_changes(run: Path, classifier: "TrainedNetwork") -> None:
    """One line if the pictures of the training are no longer what they were."""
    from handgrad.cli.screens.console import say
    from handgrad.training.data_record import changes_of_names

    found = changes_of_names(run, classifier.config)
    if found:
        name = classifier.config.dataset.name
        said = f"{name} has changed since training: {found}. The network was trained on"
        say(f"{said} what was there before.", stderr=True)


def _warn(answers: "list[Answer]", invert: str) -> None:
    """One line on pictures whose light and dark seem to be swapped."""
    from handgrad.cli.screens.console import say

    count = sum(answer.seems_inverted for answer in answers)
    if not count or invert == "yes":
        return
    which = f"{count:,} of {len(answers):,} pictures" if len(answers) > 1 else "It"
    verb = "seem" if count > 1 else "seems"
    done = "; light and dark were swapped" if invert == "auto" else ""
    hint = "" if invert == "auto" else " To swap them, add --invert auto"
    say(
        f"{which} {verb} inverted: light where the training images are dark, or the "
        f"other way round{done}.{hint}",
        stderr=True,
    )
