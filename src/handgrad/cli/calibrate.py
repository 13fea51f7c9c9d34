"""`handgrad calibrate`: make the probabilities of a run's network reliable."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import DATA, DataDir, Json, Quiet, Workers


def calibrate(
    run: Annotated[Path, typer.Argument(help="Run folder of handgrad train.")],
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH",
            help="Labelled images that the network was not trained on.",
            show_default="validation images of the run",
            rich_help_panel=DATA,
        ),
    ] = None,
    data_dir: DataDir = None,
    workers: Workers = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Calibrate the probabilities of a trained network (temperature scaling).

    The predicted classes stay the same. The run keeps the temperature, and evaluate,
    predict and inspect use it.
    """
    from handgrad.cli.screens.console import say, say_json
    from handgrad.cli.screens.loading import loading
    from handgrad.inspection.reliability import reliability_of
    from handgrad.training.calibration import calibrate as fit

    with loading(quiet=quiet) as progress:
        network, images, found = fit(
            run, dataset=dataset, data_dir=data_dir, workers=workers, progress=progress
        )
    logits = network.logits(images.images)
    after = reliability_of(network.probabilities_of(logits), images.targets)
    network.set_temperature(None)
    before = reliability_of(network.probabilities_of(logits), images.targets)
    errors = [each.expected_calibration_error for each in (before, after)]
    if as_json:
        values = asdict(found)
        names = ("calibration_error_before", "calibration_error_after")
        say_json({"run": str(run), **values, **dict(zip(names, errors, strict=True))})
        return
    state = "overconfident" if found.value > 1 else "underconfident"
    say(f"temperature {found.value:.3f}: the network was {state}")
    is_smoothed = getattr(network.loss, "label_smoothing", 0) > 0
    loss = "cross-entropy without label smoothing" if is_smoothed else "loss"
    say(
        f"on {found.images:,} images: {loss} {found.loss_before:.4f} before, "
        f"{found.loss_after:.4f} after; expected calibration error {errors[0]:.2%} "
        f"before, {errors[1]:.2%} after"
    )
    if found.is_bound:
        say(
            "This is the end of its range: these images are too few, or too easy, to "
            "measure confidence. Calibrate on more images: --dataset NAME|PATH"
        )
