"""Compare the inference throughput with torch on 10,000 images.

    python benchmarks/prediction_throughput.py [NETWORK ...] [--laps 9]

torch runs without gradients, at its fastest batch size and number of threads: from
floats normalised beforehand, and from the same bytes as Handgrad. Requires the extra
`torch`.
"""

import argparse

from peers.prediction import race_prediction

from handgrad.inspection.speed.networks import NETWORKS, network
from handgrad.inspection.speed.race import OURS
from handgrad.inspection.speed.race_report import machine


def main() -> None:
    """Race the given networks, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--laps", type=int, default=9)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--lap-seconds", type=float, default=0.5)
    arguments = parser.parse_args()
    print(machine())
    print("\n| Network | images/s | against | images/s | at | ratio | quartiles |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in arguments.networks:
        found = race_prediction(
            network(name),
            images=arguments.images,
            workers=arguments.workers,
            laps=arguments.laps,
            lap_seconds=arguments.lap_seconds,
        )
        for peer, setting in found.settings.items():
            ratio = found.laps.ratio(peer, OURS)
            print(
                f"| {name} | {found.images_per_second(OURS):,.0f} "
                f"| {peer} | {found.images_per_second(peer):,.0f} "
                f"| {setting} "
                f"| {ratio.median:.2f} | {ratio.low:.2f} to {ratio.high:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
