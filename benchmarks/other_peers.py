"""Compare the training step with JAX, Keras, Thinc and scikit-learn.

    python benchmarks/other_peers.py [NETWORK ...] [--peers jax,keras] [--laps 15]
        [--json FILE]

Runs are interleaved, after checking that the losses of both match those in float64 and
finding the peer's fastest configuration. Each pairing runs in a separate process, in
which no other peer is loaded. Peers: jax, keras, keras_jit (with XLA), thinc, sklearn.
They are not dependencies of Handgrad: install them in a separate environment,

    python -m venv peers
    peers/bin/pip install -e . jax keras tensorflow-cpu thinc

and run this script with its Python. Peers that are not installed are skipped, unless
they are requested by name.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from peers.pairing import LIBRARIES, race_peer

from handgrad.errors import HandgradError
from handgrad.inspection.speed.interleaved_timing import Laps, spread
from handgrad.inspection.speed.networks import network
from handgrad.inspection.speed.race import IMAGES, OURS
from handgrad.inspection.speed.race_report import machine, today
from handgrad.training.environment import describe_environment

HEADER = (
    "| Network | against | threads | ms | ours, ms | ratio | quartiles | losses, ours |"
)
RULE = "|---|---|---|---|---|---|---|---|"
PAIRINGS = {
    "softmax": ("thinc", "sklearn"),
    "mlp256": ("jax",),
    "mlp5": ("jax",),
    "lenet_relu_max": ("keras",),
    "mlp_cifar": ("jax",),
}
IMPORTED = {"keras_jit": "keras"}
MISUSE = 2  # exit status


def main() -> None:
    """Run the requested pairings, or the default ones."""
    arguments = parse_arguments()
    pairs = pairings(arguments.networks, arguments.peers)
    print(machine())
    print(f"\n{HEADER}\n{RULE}", flush=True)
    found = []
    for name, peer in pairs:
        race = race_here if len(pairs) == 1 else race_in_child
        found.append(race(name, peer, arguments))
        print(row(found[-1]), flush=True)
    print("", *(notes(one) for one in found), sep="\n")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(PAIRINGS))
    parser.add_argument("--peers", type=lambda text: text.split(","))
    parser.add_argument("--laps", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--lap-seconds", type=float, default=0.5)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def pairings(
    networks: Sequence[str], peers: Sequence[str] | None
) -> list[tuple[str, str]]:
    """Each network with the requested peers, or with its installed default peers."""
    return [
        (name, peer)
        for name in networks
        for peer in peers or PAIRINGS.get(name, tuple(LIBRARIES))
        if peers or find_spec(IMPORTED.get(peer, peer))
    ]


def race_here(name: str, peer: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run one pairing in this process; return its result as plain values."""
    found = race_peer(
        network(name),
        peer,
        batch_size=arguments.batch_size,
        workers=arguments.workers,
        laps=arguments.laps,
        images=arguments.images,
        lap_seconds=arguments.lap_seconds,
    )
    laps: Laps = found.laps
    return {
        **asdict(found),
        "seconds": {racer: asdict(laps.time(racer)) for racer in (OURS, peer)},
        "ratio": asdict(laps.ratio(peer, OURS)),
        "calibration_seconds": asdict(spread(laps.calibration)),
        "environment": describe_environment(),
        "date": today(),
    }


def race_in_child(
    name: str, peer: str, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Run one pairing in a separate process; return its result as plain values."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        options = {
            "--peers": peer,
            "--laps": arguments.laps,
            "--batch-size": arguments.batch_size,
            "--workers": arguments.workers,
            "--images": arguments.images,
            "--lap-seconds": arguments.lap_seconds,
            "--json": file,
        }
        given = [
            str(part)
            for pair in options.items()
            if pair[1] is not None
            for part in pair
        ]
        done = subprocess.run(
            [sys.executable, __file__, name, *given],
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:  # the child has printed the error
            sys.exit(done.returncode)
        found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found[0]


def row(found: dict[str, Any]) -> str:
    """One row of the table."""
    ratio, seconds = found["ratio"], found["seconds"]
    return (
        f"| {found['network']} | {found['peer']} | {found['threads']} "
        f"| {1e3 * seconds[found['peer']]['median']:.3f} "
        f"| {1e3 * seconds[OURS]['median']:.3f} | {ratio['median']:.2f} "
        f"| {ratio['low']:.2f} to {ratio['high']:.2f} "
        f"| {found['theirs']:.0e}, {found['ours']:.0e} |"
    )


def notes(found: dict[str, Any]) -> str:
    """The configurations tried, and the steadiness of the machine."""
    libraries = ", ".join(f"{name} {one}" for name, one in found["versions"].items())
    tried = ", ".join(
        f"{name} {1e3 * seconds:.3f} ms" for name, seconds in found["tried"].items()
    )
    even = found["calibration_seconds"]
    return (
        f"{found['network']}, {libraries}: timed with {found['way']} (tried: {tried}); "
        f"{len(found['laps']['calibration'])} laps; a reference matrix product before "
        f"each took {1e3 * even['median']:.2f} ms ({1e3 * even['low']:.2f} to "
        f"{1e3 * even['high']:.2f}); tolerance of the losses, compared with float64: "
        f"{found['bound']:.0e}."
    )


if __name__ == "__main__":
    try:
        main()
    except HandgradError as error:
        print(f"other_peers: {error}", file=sys.stderr)
        sys.exit(MISUSE)
