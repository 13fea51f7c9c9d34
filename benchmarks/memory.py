"""How much memory does training take, in Handgrad and torch, and as foreseen?

    python benchmarks/memory.py [NETWORK ...] [--images 20000]

Each network is built and trained for a few steps in a process of its own, and so is
torch's (eager, the same batch). `training` and `torch` are the most that these steps
take over the libraries, without the images, which each side keeps in its own way: bytes
here, floats there. `plan` foresees `training`; `off` is the error of images and plan
together, over what the libraries take anyway; `building` is the peak before the first
step. Linux only; torch where it is installed.
"""

import argparse

from handgrad.engine.workers import available_cores
from handgrad.inspection.speed.memory_report import memory_report
from handgrad.inspection.speed.networks import LARGE, NETWORKS
from handgrad.inspection.speed.race_report import machine
from handgrad.inspection.speed.torch_memory import torch_training

MEGA = 1e6


def main() -> None:
    """One line for each network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=[*NETWORKS, *LARGE])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--workers", type=int, default=available_cores())
    words = parser.parse_args()
    print(
        f"{machine()}\n\nMegabytes, {words.images} images, batch {words.batch_size}\n"
    )
    print(
        "| Network | training | torch | plan | libraries | images | peak | off "
        "| building |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in words.networks:
        found = memory_report(
            name,
            batch_size=words.batch_size,
            workers=words.workers,
            images=words.images,
        )
        torch = torch_training(name, words.batch_size, words.workers)
        plan = sum(found.roles.values())
        numbers = (found.training, torch, plan, found.baseline, found.images)
        shown = " | ".join(f"{number / MEGA:.1f}" for number in (*numbers, found.peak))
        print(
            f"| {name} | {shown} | {found.error:+.1%} | {found.building / MEGA:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
