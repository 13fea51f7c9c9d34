"""`handgrad check`: gradient checks by finite differences."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import Json, Quiet, flag

if TYPE_CHECKING:
    from handgrad.inspection import CheckRow

FAILED = 1  # the exit code when a gradient is wrong


def check(
    thorough: Annotated[
        bool, flag("--thorough", says="More shapes and directions; takes minutes.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the random shapes.")] = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Check every hand-written gradient against finite differences."""
    from handgrad.cli.screens.console import say_json
    from handgrad.inspection import CheckRow, check_catalogue

    rows: list[CheckRow] = []
    for row in check_catalogue(thorough=thorough, seed=seed):
        if not as_json and (not quiet or not row.passed):
            _print_row(row, first=not rows)
        rows.append(row)
    wrong = [row for row in rows if not row.passed]
    if as_json:
        say_json({"passed": not wrong, "checks": [asdict(row) for row in rows]})
    else:
        _print_verdict(rows, wrong)
    if wrong:
        raise typer.Exit(FAILED)


def _print_row(row: "CheckRow", *, first: bool) -> None:
    """Print one line as soon as it is known, in columns of fixed width."""
    from handgrad.cli.screens.console import say

    if first:
        say(f"{'':8} {'':24} {'shapes':>6} {'directions':>10} {'worst error':>11}")
    verdict = "" if row.passed else f"  WRONG: {row.worst}"
    say(
        f"{row.kind:8} {row.name:24} {row.shapes:6} {row.directions:10} "
        f"{row.max_relative_error:11.1e}{verdict}"
    )


def _print_verdict(rows: list["CheckRow"], wrong: list["CheckRow"]) -> None:
    from handgrad.cli.screens.console import say

    seconds = sum(row.seconds for row in rows)
    tolerance = max(row.tolerance for row in rows)
    if wrong:
        names = ", ".join(row.name for row in wrong)
        say(f"{len(wrong)} of {len(rows)} do not agree to {tolerance:g}: {names}.")
    else:
        say(
            f"All {len(rows)} agree with finite differences to {tolerance:g} "
            f"(relative, float64; {seconds:.1f} s)."
        )
