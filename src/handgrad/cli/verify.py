"""`handgrad verify`: check that a run is intact and reproducible."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import Json, Quiet, Workers
from handgrad.errors import ConfigError, IntegrityError

if TYPE_CHECKING:
    from handgrad.training.verify import Verdict

DIFFERENT = 3  # exit code: a file or a number differs from the run


def verify(
    run: Annotated[Path, typer.Argument(help="Run folder of handgrad train.")],
    steps: Annotated[
        int, typer.Option(metavar="N", help="Number of training steps to repeat.")
    ] = 10,
    from_start: Annotated[
        bool,
        typer.Option(
            "--from-start",
            help="Repeat from step 1 instead of the best checkpoint.",
        ),
    ] = False,
    workers: Workers = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Verify all files and records of a run, and reproduce some training steps.

    Both checkpoints are evaluated again. All numbers except durations must be
    bit-identical. The exit code is 0 if they are and 3 if anything differs.
    """
    from handgrad.cli.screens.console import say_json
    from handgrad.cli.screens.loading import Compiling, loading
    from handgrad.training.verify import verify as check

    for name, value in (("--steps", steps), ("--workers", workers)):
        if value is not None and value < 1:
            raise ConfigError(
                f"{name} takes an integer of at least 1, got {value}. Give 1 or more."
            )
    try:
        with loading(quiet=quiet) as progress:
            verdict = check(
                run,
                steps=steps,
                from_start=from_start,
                workers=workers,
                progress=progress,
                announce=Compiling(quiet=quiet),
            )
    except IntegrityError as error:
        error.exit_code = DIFFERENT
        raise
    if as_json:
        say_json({"run": str(run), "equal": True, **asdict(verdict)})
    else:
        _print(verdict)


def _print(verdict: "Verdict") -> None:
    from handgrad.cli.screens.console import say

    say(f"{verdict.files} files are unchanged")
    kernels = ", ".join(verdict.family)
    say(f"matrix kernels {kernels}, as in the run")
    if not verdict.is_same_code:
        say("the code differs from that of the run")
    say(
        f"{verdict.epochs} epochs and {verdict.steps} steps in metrics.jsonl, complete "
        "and consistent with both checkpoints and result.json"
    )
    if verdict.evaluated:
        splits = " and ".join(verdict.evaluated)
        say(f"both checkpoints evaluated again on {splits} images: identical numbers")
    reached = "".join(
        f", and all arrays of the {which} checkpoint" for which in verdict.checkpoints
    )
    first, last = verdict.first_step, verdict.last_step
    which = f"steps {first} to {last}" if first < last else f"step {first}"
    say(f"{which} trained again: every number is bit-identical{reached}")
    if (first, last) != (1, verdict.steps):
        say(
            "the other steps were not trained again; to repeat all of them, use "
            f"--from-start --steps {verdict.steps}"
        )
