"""`handgrad evaluate`: loss, accuracy and per-class metrics of a trained network."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import DataDir, Json, LabelFrom, Quiet, SkipBad, Workers, flag


def evaluate(  # noqa: PLR0913 - a command's options are its arguments
    run: Annotated[Path, typer.Argument(help="Run folder of handgrad train.")],
    split: Annotated[
        str | None,
        typer.Option(
            help="Split to evaluate: test, validation or train.",
            show_default="test if there is one",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH",
            help="Other data set with the same classes, to evaluate in full.",
        ),
    ] = None,
    last: Annotated[
        bool, flag("--last", says="Use the last checkpoint instead of the best.")
    ] = False,
    label_from: LabelFrom = None,
    skip_bad: SkipBad = False,
    data_dir: DataDir = None,
    quiet: Quiet = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Evaluate a trained network: loss, accuracy and per-class metrics."""
    from handgrad.cli.screens.console import say, say_json, show_parts
    from handgrad.cli.screens.loading import loading
    from handgrad.inspection.evaluation import EvaluationReport
    from handgrad.training.other_images import some
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
            label_from=label_from,
            skip_bad=skip_bad,
            run=run,
            progress=progress,
        )
    names = classifier.class_names
    found = EvaluationReport(classifier.evaluate(images), names, name or str(dataset))
    missing = [
        names[number]
        for number, count in enumerate(found.evaluation.support)
        if not count
    ]
    if as_json:
        say_json({"run": str(run), "split": name or None, **found.as_dict()})
        return
    say(found.summary())
    if missing:
        say(f"no images of: {some(missing)}")
    if not quiet:
        show_parts(replace(found.table(), above=()))
