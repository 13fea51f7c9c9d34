"""`handgrad race`: a training step compared with PyTorch's, by interleaved runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import Json, Quiet, Set, flag, parse_settings, refuse_sections

if TYPE_CHECKING:
    from handgrad.inspection.speed.race import Race

MILLI = 1e-3


def race(  # noqa: PLR0913 (an option each)
    model: Annotated[
        str,
        typer.Argument(
            help="Name of a network: softmax, mlp256, lenet_relu_max, ..., or a model."
        ),
    ] = "lenet_relu_max",
    settings: Set = None,
    batch_size: Annotated[int, typer.Option(help="Images per step.")] = 256,
    workers: Annotated[
        int | None,
        typer.Option(help="Threads of Handgrad.", show_default="all usable cores"),
    ] = None,
    laps: Annotated[int, typer.Option(help="Interleaved timings of each.")] = 15,
    channels_last: Annotated[
        bool,
        flag("--channels-last", says="Include PyTorch in channels-last memory format."),
    ] = False,
    compiled: Annotated[
        bool, flag("--compile", says="Include torch.compile; needs a C compiler.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Time a training step against PyTorch, after checking that the losses match."""
    from handgrad.cli.screens.console import say, say_json
    from handgrad.inspection.speed.networks import network
    from handgrad.inspection.speed.race import PEERS
    from handgrad.inspection.speed.race import race as run_race
    from handgrad.inspection.speed.race_report import values
    from handgrad.ranges import check_at_least
    from handgrad.training.model_names import check_not_trained

    check_not_trained(model)
    for name, value in (("--batch-size", batch_size), ("--laps", laps)):
        check_at_least("handgrad race", name, value, 1)
    if workers is not None:
        check_at_least("handgrad race", "--workers", workers, 1)
    options = refuse_sections(parse_settings(settings or []), "handgrad race")
    wanted = zip(PEERS, (True, channels_last, compiled), strict=True)
    found = run_race(
        network(model, options),
        batch_size=batch_size,
        workers=workers,
        laps=laps,
        peers=[peer for peer, is_wanted in wanted if is_wanted],
        announce=None
        if quiet
        else lambda name: say(f"compiling {name.strip('_')}", stderr=True),
    )
    if as_json:
        say_json(values(found))
    else:
        _print(found)


def _print(found: "Race") -> None:
    """Print the agreement of the losses, the times and ratios, and the machine."""
    from handgrad.cli.screens.console import say, show, table
    from handgrad.inspection.speed.race import OURS
    from handgrad.inspection.speed.race_report import machine, steadiness

    for peer, agreement in found.agreements.items():
        say(
            f"Losses match those of {peer} over {len(agreement.ours)} steps: they "
            f"differ from float64 by {agreement.worst:.1e} (bound "
            f"{agreement.bound:.1e})."
        )
    say()
    columns = ("threads", "ms per step", "quartiles", "ratio", "quartiles of ratio")
    shown = table(f"{found.network}, batch {found.batch_size}", *columns, right=columns)
    for name in found.laps.seconds:
        time, ratio = found.laps.time(name), found.laps.ratio(name, OURS)
        shown.add_row(
            name,
            str(found.threads.get(name, found.workers)),
            f"{time.median / MILLI:.3f}",
            f"{time.low / MILLI:.3f} to {time.high / MILLI:.3f}",
            "" if name == OURS else f"{ratio.median:.2f}",
            "" if name == OURS else f"{ratio.low:.2f} to {ratio.high:.2f}",
        )
    show(shown)
    say()
    say(steadiness(found))
    say(machine())
