"""`handgrad bench`: the operations of a training step on the roofline of a machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import Json, Set, parse_settings, refuse_sections
from handgrad.cli.output_files import check_figure

if TYPE_CHECKING:
    from handgrad.inspection.speed.operation_times import StepTimes
    from handgrad.inspection.speed.peaks import Peaks

GIGA, MILLI, MICRO = 1e9, 1e-3, 1e-6
IMAGES = 10_000  # quick to generate, and too many for the caches
SMALL = 0.005  # share of a step below which an operation is summed into the others


def bench(
    model: Annotated[
        str,
        typer.Argument(
            help="Name of a network: see handgrad models and handgrad race."
        ),
    ] = "lenet",
    settings: Set = None,
    batch_size: Annotated[int, typer.Option(help="Images per step.")] = 256,
    workers: Annotated[
        int | None,
        typer.Option(help="Number of threads.", show_default="all usable cores"),
    ] = None,
    steps: Annotated[int, typer.Option(help="Number of steps to time.")] = 30,
    picture: Annotated[Path, typer.Option(help="File for the roofline figure.")] = Path(
        "roofline.png"
    ),
    as_json: Json = False,
) -> None:
    """Benchmark the operations of a training step against the machine's peak rates."""
    from handgrad.inspection.figures.style import save
    from handgrad.inspection.speed.networks import network, pictures
    from handgrad.inspection.speed.operation_times import time_steps
    from handgrad.inspection.speed.peaks import measure_peaks
    from handgrad.inspection.speed.race import make_engine
    from handgrad.inspection.speed.roofline import roofline
    from handgrad.ranges import check_at_least
    from handgrad.training.model_names import check_not_trained

    check_not_trained(model)
    path = picture if picture.suffix == ".png" else Path(f"{picture}.png")
    check_figure(path)
    for name, value in (("--batch-size", batch_size), ("--steps", steps)):
        check_at_least("handgrad bench", name, value, 1)
    if workers is not None:
        check_at_least("handgrad bench", "--workers", workers, 1)
    options = refuse_sections(parse_settings(settings or []), "handgrad bench")
    chosen = network(model, options)
    engine = make_engine(chosen, batch_size, workers, _announce)
    images = pictures(chosen.image_shape, max(IMAGES, batch_size))
    before = measure_peaks(engine.workers)
    times = time_steps(engine, *images, steps=steps)
    peaks = before.best(measure_peaks(engine.workers))
    saved = None
    try:
        saved = save(roofline(times, peaks, chosen.name), path.with_suffix(""))[0]
    finally:  # also if the figure cannot be written
        _print(chosen.name, times, peaks, saved, as_json=as_json)


def _announce(kernel: str) -> None:
    """Print the kernel that is being compiled, on stderr."""
    from handgrad.cli.screens.console import say

    say(f"compiling {kernel.strip('_')}", stderr=True)


def _print(
    name: str, times: "StepTimes", peaks: "Peaks", path: Path | None, *, as_json: bool
) -> None:
    from handgrad.cli.screens.console import say, say_json

    if as_json:
        say_json(_values(name, times, peaks, path))
        return
    _print_peaks(peaks)
    say()
    _print_rows(times, peaks)
    say()
    _print_sum(name, times, peaks)
    if path is not None:
        say(f"Figure: {path}")


def _print_peaks(peaks: "Peaks") -> None:
    from handgrad.cli.screens.console import say, show, table

    unit_columns = ("matrix unit",) if peaks.unit_all else ()
    columns = ("matrix product", "memory", "cache", *unit_columns)
    shown = table("measured peak", *columns, right=columns)
    for name, end in ((f"{peaks.workers} workers", "all"), ("one worker", "one")):
        unit = getattr(peaks, f"unit_{end}")
        shown.add_row(
            name,
            f"{getattr(peaks, f'matrix_{end}') / GIGA:.1f} GFLOP/s",
            f"{getattr(peaks, f'memory_{end}') / GIGA:.1f} GB/s",
            f"{getattr(peaks, f'cache_{end}') / GIGA:.1f} GB/s",
            *([f"{unit / GIGA:.1f} GFLOP/s"] if unit else []),
        )
    show(shown)
    if peaks.matrix_all < peaks.matrix_one:
        say("Other processes use this machine: the peaks of all workers are too low.")


def _print_rows(times: "StepTimes", peaks: "Peaks") -> None:
    """Print a row for each operation that matters, and one for all others."""
    from handgrad.cli.screens.console import show, table

    numbers = ("runs", "us", "GFLOP/s", "GB/s", "share", "of limit")
    shown = table("operation", "kernel", *numbers, right=numbers)
    small = [row for row in times.rows if times.share(row) < SMALL]
    for row in times.rows:
        if row in small:
            continue
        shown.add_row(
            row.stands_for,
            row.kernel,
            f"{row.runs}",
            f"{row.seconds / MICRO:.1f}",
            f"{row.operations_per_second / GIGA:.1f}",
            f"{row.bytes_per_second / GIGA:.1f}",
            f"{times.share(row):.1%}",
            f"{row.fraction_of_limit(peaks):.0%}" if row.operations else "",
        )
    spent = sum(row.seconds for row in small)
    others = f"{sum(map(times.share, small)):.1%}"
    shown.add_row(
        f"{len(small)} others", "", "", f"{spent / MICRO:.1f}", "", "", others, ""
    )
    outside = times.share_outside
    shown.add_row("waiting and Python", "", "", "", "", "", f"{outside:.1%}", "")
    show(shown)


def _print_sum(name: str, times: "StepTimes", peaks: "Peaks") -> None:
    from handgrad.cli.screens.console import say

    per_second = times.textbook_operations / times.step_seconds
    say(
        f"Operations: {times.kernel_seconds / MILLI:.3f} ms on "
        f"{times.workers} workers, {times.stamped_seconds / MILLI:.3f} ms per step "
        "while each operation is timed."
    )
    say(
        f"{name}, batch {times.batch_size}: {times.step_seconds / MILLI:.3f} ms per "
        f"step (fastest {times.fastest_seconds / MILLI:.3f}), "
        f"{times.batch_size / times.step_seconds:,.0f} images/s, "
        f"{per_second / GIGA:.1f} GFLOP/s counted by the textbook definition: "
        f"{times.fraction_of_peak(peaks):.0%} of the matrix peak."
    )


def _values(
    name: str, times: "StepTimes", peaks: "Peaks", path: Path | None
) -> dict[str, Any]:
    from dataclasses import asdict

    from handgrad.training.environment import describe_environment

    rows = [
        {
            **asdict(row),
            "share": times.share(row),
            "fraction_of_limit": row.fraction_of_limit(peaks),
        }
        for row in times.rows
    ]
    return {
        "model": name,
        "batch_size": times.batch_size,
        "workers": times.workers,
        "peaks": asdict(peaks),
        "step_seconds": times.step_seconds,
        "fastest_seconds": times.fastest_seconds,
        "stamped_seconds": times.stamped_seconds,
        "kernel_seconds": times.kernel_seconds,
        "share_outside": times.share_outside,
        "textbook_operations": times.textbook_operations,
        "fraction_of_peak": times.fraction_of_peak(peaks),
        "operations": rows,
        "picture": path and str(path),
        "environment": describe_environment(),
    }
