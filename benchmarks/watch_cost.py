"""What does the watch for NaN and infinity cost, as a part of a training step?

    python benchmarks/watch_cost.py [NETWORK ...] [--engine cpu|plain] [--rounds 300]

Steps with and without the watch take turns in one process. The CPU engine without it
leaves out both looks at the loss: the sum that keeps parameters from moving, and the
one that stops the run; each pair of engines is built anew a few times, as where memory
lies matters more. The plain engine without it leaves out the look at every gradient.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from handgrad.engine import parameters, plain, training_program
from handgrad.engine.engine import Engine
from handgrad.engine.plain import PlainEngine
from handgrad.inspection.speed.networks import Network, network, pictures
from handgrad.inspection.speed.operation_times import random_batches
from handgrad.inspection.speed.race import make_engine
from handgrad.inspection.speed.race_report import machine
from handgrad.losses import SoftmaxCrossEntropy

NETWORKS = ("softmax", "mlp256", "lenet_relu_max", "alex5")
BUILDS = 7
BATCHES = 8


@contextmanager
def without(module: Any, name: str, instead: Callable[..., Any]) -> Iterator[None]:
    """Another function in the place of one."""
    own = getattr(module, name)
    setattr(module, name, instead)
    try:
        yield
    finally:
        setattr(module, name, own)


def unwatched_cpu(chosen: Network, batch_size: int) -> Engine:
    """A CPU engine whose updates look at no loss."""
    own = parameters.Mover._move

    def move(self: Any, *arguments: Any) -> Any:
        operation = own(self, *arguments)
        words = (*operation.arguments[:-1], 0)  # of no tile
        return type(operation)(operation.entry, words, operation.stands_for)

    with without(parameters.Mover, "_move", move):
        engine = make_engine(chosen, batch_size)
        engine.training  # noqa: B018 - made when first asked for
    return engine


def plain_engine(chosen: Network) -> Engine:
    """The plain engine of a network."""
    return PlainEngine(
        chosen.build(),
        SoftmaxCrossEntropy(),
        chosen.build_optimizer(),
        chosen.normalization,
        input_shape=chosen.image_shape,
    )


def pairs(chosen: Network, name: str, batch_size: int) -> list[tuple[Engine, Any]]:
    """Two engines, watched and not, each with what must surround its steps."""
    if name == "cpu":
        first = make_engine(chosen, batch_size)
        second = unwatched_cpu(chosen, batch_size)
        place, function = training_program, "are_finite"
    else:
        first = second = plain_engine(chosen)
        place, function = plain, "are_all_finite"
    return [
        (first, nullcontext),
        (second, partial(without, place, function, lambda *values: True)),
    ]


def costs(chosen: Network, name: str, batch_size: int, rounds: int) -> list[float]:
    """The watch's part of a step, one number for each build: with / without - 1.

    Of all steps of a build the fastest tenth is compared: the others say more about
    what else the machine did.
    """
    images = pictures(chosen.image_shape, batch_size * 2)
    batches = random_batches(*images, batch_size, BATCHES)
    found = []
    for build in range(BUILDS):
        turns = pairs(chosen, name, batch_size)
        for step in range(1, 4):
            for engine, _ in turns:
                engine.train_step(batches[0], step)
        seconds: tuple[list[float], list[float]] = ([], [])
        for number in range(max(rounds // BUILDS, 2)):
            order = (0, 1) if (build + number) % 2 else (1, 0)
            for which in order:
                engine, surroundings = turns[which]
                with surroundings():
                    start = perf_counter()
                    engine.train_step(batches[number % BATCHES], number + 4)
                    seconds[which].append(perf_counter() - start)
        watched, unwatched = (quantiles(times, n=10)[0] for times in seconds)
        found.append(watched / unwatched - 1)
    return found


def main() -> None:
    """One line for each network and engine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--engine", choices=("cpu", "plain"), action="append")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=300)
    words = parser.parse_args()
    print(f"{machine()}\n\n| Network | engine | cost, median | range of builds |")
    print("|---|---|---|---|")
    for name in words.networks:
        for engine in words.engine or ("cpu", "plain"):
            found = costs(network(name), engine, words.batch_size, words.rounds)
            print(
                f"| {name} | {engine} | {median(found):+.2%} | "
                f"{min(found):+.2%} to {max(found):+.2%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
