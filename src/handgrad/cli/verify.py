"""`handgrad verify`: is a run still what it was, and does it come out the same?"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import Json, Quiet, Workers
from handgrad.errors import ConfigError, IntegrityError

if TYPE_CHECKING:
    from handgrad.training.verify import Verdict

DIFFERENT = 3  # exit code: a file or a number is not what the run left


def verify(
    run: Annotated[Path, typer.Argument(help="A folder that handgrad train made.")],
    steps: Annotated[
        int, typer.Option(metavar="N", help="Number of steps to train again.")
    ] = 10,
    from_start: Annotated[
        bool,
        typer.Option(
            "--from-start",
            help="Train again from step 1 instead of the best checkpoint.",
        ),
    ] = False,
    workers: Workers = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Check every file and record of a run, and train some steps again.

    Both checkpoints are evaluated again. All numbers are compared to the bit, except
    durations. The exit code is 0 if all is equal and 3 if anything differs.
    """
    from handgrad.cli.screens.console import say_json
    from handgrad.cli.screens.loading import Compiling, loading
    from handgrad.training.verify import verify as check

    for name, value in (("--steps", steps), ("--workers", workers)):
        if value is not None and value < 1:
            raise ConfigError(
                f"{name} takes a whole number from 1 up, got {value}. Change it."
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

    say(f"{verdict.files} files are what the run left")
    kernels = ", ".join(verdict.family)
    say(f"matrix kernels {kernels}, as in the run")
    if not verdict.is_same_code:
        say("the code is another than the run's")
    say(
        f"{verdict.epochs} epochs and {verdict.steps} steps in metrics.jsonl, complete "
        "and consistent with both checkpoints and result.json"
    )
    if verdict.evaluated:
        splits = " and ".join(verdict.evaluated)
        say(f"both checkpoints evaluated again on {splits} images: the same numbers")
    reached = "".join(
        f", and all arrays of the {which} checkpoint" for which in verdict.checkpoints
    )
    first, last = verdict.first_step, verdict.last_step
    which = f"steps {first} to {last}" if first < last else f"step {first}"
    say(f"{which} trained again: every number is the same to the bit{reached}")
    if (first, last) != (1, verdict.steps):
        say(
            "the other steps were not trained again; all are with --from-start "
            f"--steps {verdict.steps}"
        )
