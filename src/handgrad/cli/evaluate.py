"""`handgrad evaluate`: loss, accuracy and per-class metrics of a trained network."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import DataDir, Json, LabelFrom, Quiet, SkipBad, Workers, flag
from handgrad.cli.output_files import check_figure
from handgrad.errors import ConfigError

if TYPE_CHECKING:
    from handgrad.inspection.evaluation import EvaluationReport


def evaluate(  # noqa: PLR0913 - a command's options are its arguments
    run: Annotated[
        Path, typer.Argument(help="Run folder of handgrad train, or a saved network.")
    ],
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
    reliability: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="PNG or SVG file for the reliability diagram."
        ),
    ] = None,
    label_from: LabelFrom = None,
    skip_bad: SkipBad = False,
    data_dir: DataDir = None,
    quiet: Quiet = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Evaluate a trained network: loss, accuracy and per-class metrics."""
    from handgrad.cli.screens.loading import loading
    from handgrad.inspection.evaluation import EvaluationReport
    from handgrad.inspection.figures import save
    from handgrad.training.run_images import check_split, run_images, source_in_words
    from handgrad.training.same_kernels import evaluate_with
    from handgrad.training.trained_network import load

    check_split(split)
    check_figure(reliability, "--reliability")
    evaluate_with(run)
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
    source = source_in_words(classifier.config, name, dataset)
    found = EvaluationReport.of(classifier, images, source)
    if reliability is not None and found.reliability is None:
        raise ConfigError(
            "--reliability needs a network whose loss gives probabilities. Leave it "
            "out, or train with softmax_cross_entropy."
        )
    try:
        if reliability is not None and found.reliability is not None:
            base, ending = reliability.with_suffix(""), reliability.suffix[1:]
            save(found.reliability.figure(), base, formats=(ending,))
    finally:  # also if the diagram cannot be written
        _print(found, run, name, quiet=quiet, as_json=as_json)


def _print(
    found: "EvaluationReport",
    run: Path,
    split: str | None,
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    from handgrad.cli.screens.console import say, say_json, say_lines, show_parts
    from handgrad.training.other_images import some

    missing = [
        found.class_names[number]
        for number, count in enumerate(found.evaluation.support)
        if not count
    ]
    if as_json:
        say_json({"run": str(run), "split": split or None, **found.as_dict()})
        return
    say_lines(found.summary())
    if missing:
        say(f"no images of: {some(missing)}")
    if not quiet:
        show_parts(replace(found.table(), above=()))
