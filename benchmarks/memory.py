"""Compare the memory of training in Handgrad, in torch, and as predicted.

    python benchmarks/memory.py [NETWORK ...] [--images 20000]

Each network is built and trained for a few steps in a separate process, and so is
torch's (eager, same batch size). `training` and `torch` are the peaks of these steps
above the libraries and without the images, which are bytes here and floats in torch.
`plan` predicts `training`; `error` is the relative error of images and plan together,
above the baseline of the libraries; `building` is the peak before the first step. Linux
only; torch only if it is installed.
"""

import argparse

from peers.torch_memory import torch_training

from handgrad.engine.workers import available_cores
from handgrad.inspection.speed.memory_report import memory_report
from handgrad.inspection.speed.networks import LARGE, NETWORKS
from handgrad.inspection.speed.race_report import machine

MEGA = 1e6


def main() -> None:
    """Print one line per network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=[*NETWORKS, *LARGE])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--workers", type=int, default=available_cores())
    arguments = parser.parse_args()
    batch_size, images = arguments.batch_size, arguments.images
    print(f"{machine()}\n\nMegabytes, {images} images, batch size {batch_size}\n")
    print(
        "| Network | training | torch | plan | libraries | images | peak | error "
        "| building |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in arguments.networks:
        found = memory_report(
            name,
            batch_size=batch_size,
            workers=arguments.workers,
            images=images,
        )
        torch = torch_training(name, batch_size, arguments.workers)
        plan = sum(found.roles.values())
        numbers = (found.training, torch, plan, found.baseline, found.images)
        shown = " | ".join(f"{number / MEGA:.1f}" for number in (*numbers, found.peak))
        print(
            f"| {name} | {shown} | {found.error:+.1%} | {found.building / MEGA:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
