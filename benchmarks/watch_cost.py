"""Measure the overhead of the checks for NaN and infinity in a training step.

    python benchmarks/watch_cost.py [NETWORK ...] [--engine cpu|plain] [--rounds 300]

Steps with and without the checks are interleaved in one process. Without them, the CPU
engine skips both checks of the loss: the one that prevents updates of the parameters,
and the one that stops the run. Each pair of engines is rebuilt several times, as memory
placement has a larger effect. Without the checks, the plain engine skips those of the
gradients.
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
    """Replace a function of a module within the context."""
    own = getattr(module, name)
    setattr(module, name, instead)
    try:
        yield
    finally:
        setattr(module, name, own)


def unwatched_cpu(chosen: Network, batch_size: int) -> Engine:
    """A CPU engine whose updates do not check the loss."""
    own = parameters.ParameterUpdate._move

    def move(self: Any, *arguments: Any) -> Any:
        operation = own(self, *arguments)
        unchecked = (*operation.arguments[:-1], 0)  # losses of no tile
        return type(operation)(operation.entry, unchecked, operation.stands_for)

    with without(parameters.ParameterUpdate, "_move", move):
        engine = make_engine(chosen, batch_size)
        engine.training  # noqa: B018 - created on first access
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
    """An engine with checks and one without, each with the context of its steps."""
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
    """The overhead of the checks, one number per build: with / without - 1.

    The first decile of the step times of each build is compared: slower steps mostly
    reflect other activity on the machine.
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
    """Print one line per network and engine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--engine", choices=("cpu", "plain"), action="append")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=300)
    arguments = parser.parse_args()
    print(f"{machine()}\n\n| Network | engine | overhead, median | range of builds |")
    print("|---|---|---|---|")
    for name in arguments.networks:
        for engine in arguments.engine or ("cpu", "plain"):
            found = costs(network(name), engine, arguments.batch_size, arguments.rounds)
            print(
                f"| {name} | {engine} | {median(found):+.2%} | "
                f"{min(found):+.2%} to {max(found):+.2%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
