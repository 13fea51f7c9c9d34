"""How much memory does training take, and does the program's plan foresee it?

    python benchmarks/memory.py [NETWORK ...] [--images 60000]

Each network is built and trained for a few steps in a process of its own. `off` is the
error of images and plan together, over what the libraries take anyway; `building` is
the peak before the first step. Linux only.
"""

import argparse

from handgrad.inspection.speed.memory_report import memory_report
from handgrad.inspection.speed.networks import NETWORKS
from handgrad.inspection.speed.race_report import machine

MEGA = 1e6


def main() -> None:
    """One line for each network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--workers", type=int)
    words = parser.parse_args()
    print(
        f"{machine()}\n\nMegabytes, {words.images} images, batch {words.batch_size}\n"
    )
    print("| Network | libraries | images | plan | predicted | peak | off | building |")
    print("|---|---|---|---|---|---|---|---|")
    for name in words.networks:
        found = memory_report(
            name,
            batch_size=words.batch_size,
            workers=words.workers,
            images=words.images,
        )
        plan = sum(found.roles.values())
        numbers = (found.baseline, found.images, plan, found.predicted, found.peak)
        shown = " | ".join(f"{number / MEGA:.1f}" for number in numbers)
        print(
            f"| {name} | {shown} | {found.error:+.1%} | {found.building / MEGA:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
