"""Training speed of Handgrad and torch, after checking that the losses match."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.cpu import CpuEngine
from handgrad.engine.engine import Batch
from handgrad.engine.workers import available_cores
from handgrad.errors import ConfigError, HandgradError
from handgrad.inspection.speed.allocator import keep_memory
from handgrad.inspection.speed.interleaved_timing import Laps, Racer, run_laps
from handgrad.inspection.speed.networks import Network, pictures
from handgrad.inspection.speed.operation_times import random_batches
from handgrad.inspection.summary import summary
from handgrad.losses import SoftmaxCrossEntropy

OURS = "handgrad"
PEERS = ("torch", "torch channels last", "torch.compile")
COMPARED_STEPS = 5
TRIALS, TRIAL_SECONDS = 3, 0.2  # laps when searching torch's best number of threads
IMAGES = 20_000
ROUNDINGS = 4  # tolerance as a multiple of the expected rounding error


@dataclass(frozen=True)
class Agreement:
    """Losses of the first steps, from the same parameters on the same batches.

    `exact` are torch's losses in float64. If a network amplifies rounding errors from
    step to step, torch's own float32 losses deviate too: Handgrad's may deviate at most
    4 times as much. The first loss must be within the rounding bound.

    Equations
        rounding = 4 * eps * sqrt(longest sum) * steps      (relative; eps of float32)
        bound    = max(rounding, 4 * largest difference of theirs and exact)
    """

    ours: list[float]
    theirs: list[float]
    exact: list[float]
    rounding: float

    @property
    def worst(self) -> float:
        """The maximum difference of Handgrad's losses from the exact ones."""
        return difference(self.ours, self.exact)

    @property
    def bound(self) -> float:
        """The largest difference allowed."""
        return max(self.rounding, ROUNDINGS * difference(self.theirs, self.exact))

    @property
    def holds(self) -> bool:
        """Whether the losses match; False for a NaN."""
        first = difference(self.ours[:1], self.exact[:1])
        return first <= self.rounding and self.worst <= self.bound


def difference(losses: Sequence[float], exact: Sequence[float]) -> float:
    """The maximum of |loss - exact| / max(1, |exact|)."""
    found, right = np.array(losses), np.array(exact)
    worst = np.abs(found - right) / np.maximum(1.0, np.abs(right))
    return float(worst.max())  # propagates NaN


@dataclass(frozen=True)
class Race:
    """The result of a race."""

    network: str
    batch_size: int
    workers: int
    threads: dict[str, int]
    agreements: dict[str, Agreement]
    laps: Laps
    keeps_memory: bool


def race(
    network: Network,
    *,
    batch_size: int = 256,
    workers: int | None = None,
    laps: int = 15,
    peers: Sequence[str] = PEERS[:1],
    images: int = IMAGES,
    lap_seconds: float = 0.5,
    announce: Callable[[str], None] | None = None,
) -> Race:
    """Race one network; HandgradError if the losses do not match.

    Both gather each batch in random order: Handgrad from uint8, torch from floats that
    were normalised beforehand. torch runs on its fastest number of threads.
    """
    kept = keep_memory()
    data = pictures(network.image_shape, images)
    agreements, threads = {}, {}
    for name in peers:
        agreements[name] = compare(network, name, data, batch_size, workers)
        refuse_difference(network.name, name, agreements[name])
    engine = make_engine(network, batch_size, workers, announce)
    batches = random_batches(*data, batch_size, images // batch_size or 1)
    count = len(batches)
    racers = [
        Racer(OURS, lambda step: engine.train_step(batches[step % count], step + 1))
    ]
    for name in peers:
        racer, threads[name] = torch_racer(network, name, data, batches)
        racers.append(racer)
    return Race(
        network.name,
        batch_size,
        engine.workers,
        threads,
        agreements,
        run_laps(racers, laps, lap_seconds=lap_seconds),
        kept,
    )


def make_engine(
    network: Network,
    batch_size: int,
    workers: int | None = None,
    announce: Callable[[str], None] | None = None,
) -> CpuEngine:
    """A CPU engine with the network's initial parameters."""
    return CpuEngine(
        network.build(),
        SoftmaxCrossEntropy(),
        network.build_optimizer(),
        network.normalization,
        input_shape=network.image_shape,
        batch_size=batch_size,
        workers=workers,
        announce=announce,
    )


def compare(
    network: Network,
    peer_name: str,
    data: tuple[NumpyArray, NumpyArray],
    batch_size: int,
    workers: int | None = None,
) -> Agreement:
    """Train both for a few steps from the same parameters on the same batches."""
    engine = make_engine(network, batch_size, workers)
    batches = random_batches(*data, batch_size, COMPARED_STEPS, seed=1)
    ours = [engine.train_step(row, step).loss for step, row in enumerate(batches, 1)]
    peers = [torch_peer(network, peer_name, data), torch_peer(network, PEERS[0], data)]
    peers[1].to_double()
    theirs, exact = (
        [float(peer.step(batch.rows)) for batch in batches] for peer in peers
    )
    return Agreement(ours, theirs, exact, bound(network, batch_size))


def bound(network: Network, batch_size: int) -> float:
    """The largest rounding difference expected in a loss after the compared steps."""
    longest = max(longest_sum(network), batch_size)
    eps = float(np.finfo(np.float32).eps)
    return float(ROUNDINGS * eps * np.sqrt(longest) * COMPARED_STEPS)


def longest_sum(network: Network) -> int:
    """The largest number of terms, products or pixels, that a layer sums."""
    model = network.build()
    sizes = [
        int(np.prod(parameter.shape[1:]))
        for parameter in model.parameters().values()
        if len(parameter.shape) > 1
    ]
    rows = summary(model, network.image_shape).rows
    return max([*sizes, *(int(np.prod(row.output_shape[1:])) for row in rows)])


def refuse_difference(network: str, peer: str, agreement: Agreement) -> None:
    """HandgradError if the losses do not match."""
    if not agreement.holds:
        raise HandgradError(
            f"Handgrad and {peer} do not agree on {network}: Handgrad's losses differ "
            f"from those in float64 by {agreement.worst:.1e}, more than "
            f"{agreement.bound:.1e}, so their times cannot be compared. Please report "
            "this."
        )


def torch_racer(
    network: Network,
    name: str,
    data: tuple[NumpyArray, NumpyArray],
    batches: Sequence[Batch],
) -> tuple[Racer, int]:
    """torch with its fastest number of threads, and that number."""
    import torch

    peer = torch_peer(network, name, data)

    def step(number: int) -> Any:
        return peer.step(batches[number % len(batches)].rows)

    def on(threads: int, name: str) -> Racer:
        return Racer(name, step, lambda: torch.set_num_threads(threads))

    tried = [on(count, str(count)) for count in range(1, available_cores() + 1)]
    found = run_laps(tried, TRIALS, lap_seconds=TRIAL_SECONDS)
    threads = int(found.fastest())
    return on(threads, name), threads


def torch_peer(network: Network, name: str, data: tuple[NumpyArray, NumpyArray]) -> Any:
    """The network in torch; ConfigError if torch is not installed."""
    try:
        from handgrad.inspection.speed.torch_peer import make_peer
    except ModuleNotFoundError as error:
        raise ConfigError(
            "A race needs torch, which is not installed. "
            "Install it with: pip install 'handgrad[torch]'"
        ) from error
    return make_peer(
        network.build(),
        network.build_optimizer(),
        network.normalization,
        *data,
        channels_last=name == PEERS[1],
        compiled=name == PEERS[2],
    )
