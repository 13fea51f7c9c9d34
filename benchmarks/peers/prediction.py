"""Prediction speed of Handgrad and torch, after checking that the logits match."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product, starmap
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.workers import available_cores
from handgrad.errors import HandgradError
from handgrad.inspection.speed.allocator import keep_memory
from handgrad.inspection.speed.interleaved_timing import Laps, Racer, run_laps
from handgrad.inspection.speed.networks import Network, pictures
from handgrad.inspection.speed.race import OURS, bound, make_engine, torch_peer

TEST_IMAGES = 10_000
BATCH_SIZES = (256, 1000, 10_000)
TORCH, BYTES = "torch", "torch from bytes"


@dataclass(frozen=True)
class PredictionRace:
    """The result of a prediction benchmark against torch, run in two ways.

    Handgrad's images are bytes. torch gets floats, normalised beforehand, and in the
    second run bytes, which it normalises batch by batch.

    Units
        settings      the fastest number of threads and batch size of each
        worst, bound  difference of logits, relative to the largest logit
    """

    network: str
    images: int
    settings: dict[str, str]
    worst: float
    bound: float
    laps: Laps

    def images_per_second(self, name: str) -> float:
        """Images per second of a racer, from its median lap."""
        return self.images / self.laps.time(name).median


def race_prediction(
    network: Network,
    *,
    images: int = TEST_IMAGES,
    workers: int | None = None,
    laps: int = 9,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    lap_seconds: float = 0.5,
) -> PredictionRace:
    """Time all logits of a test set; HandgradError if the logits do not match.

    Handgrad predicts from uint8, torch from normalised floats and from uint8.
    """
    import torch

    keep_memory()
    data = pictures(network.image_shape, images)
    engine = make_engine(network, 256, workers)
    peer = torch_peer(network, TORCH, data)
    peer.model.eval()
    ready = {TORCH: peer.images, BYTES: torch.from_numpy(data[0])}
    ours, worst = engine.logits(data[0]), 0.0
    for given in ready.values():
        theirs = peer.logits(given, batch_sizes[0]).numpy()
        worst = max(worst, difference(ours, theirs))
    limit = bound(network, 1)
    if not worst <= limit:
        raise HandgradError(
            f"Handgrad and torch predict different logits with {network.name}: they "
            f"differ by {worst:.1e}, more than {limit:.1e}, so their times cannot be "
            "compared. Please report this."
        )
    racers, settings = [Racer(OURS, lambda step: engine.logits(data[0]))], {}
    for name, given in ready.items():
        racer = fastest(peer, given, batch_sizes)
        settings[name] = racer.name
        racers.append(replace(racer, name=name))
    found = run_laps(racers, laps, lap_seconds=lap_seconds)
    return PredictionRace(network.name, images, settings, worst, limit, found)


def fastest(peer: Any, images: Any, batch_sizes: Sequence[int]) -> Racer:
    """torch on these images, with its fastest number of threads and batch size."""
    import torch

    def on(threads: int, size: int) -> Racer:
        return Racer(
            f"{threads} threads, batch {size}",
            lambda step: peer.logits(images, size),
            lambda: torch.set_num_threads(threads),
        )

    counts = range(1, available_cores() + 1)
    tried = {made.name: made for made in starmap(on, product(counts, batch_sizes))}
    return tried[run_laps([*tried.values()], 1, lap_seconds=0).fastest()]


def difference(ours: NumpyArray, theirs: NumpyArray) -> float:
    """The maximum difference, relative to the largest magnitude of `theirs`."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())
