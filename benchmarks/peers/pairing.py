"""A race against a peer, in its fastest configuration, after checking the losses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import version
from types import ModuleType

import numpy as np

from handgrad.engine.engine import Batch
from handgrad.errors import ConfigError, HandgradError, unknown_name
from handgrad.inspection.speed.allocator import keep_memory
from handgrad.inspection.speed.interleaved_timing import Laps, Racer, run_laps
from handgrad.inspection.speed.networks import Network, pictures
from handgrad.inspection.speed.operation_times import random_batches
from handgrad.inspection.speed.race import (
    COMPARED_STEPS,
    OURS,
    bound,
    difference,
    make_engine,
)
from handgrad.losses import SoftmaxCrossEntropy
from peers.blas import limit_blas
from peers.task import Task, Way

LIBRARIES: dict[str, tuple[str, ...]] = {
    "jax": ("jax", "jaxlib"),
    "keras": ("keras", "tensorflow_cpu"),
    "keras_jit": ("keras", "tensorflow_cpu"),
    "thinc": ("thinc", "blis"),
    "sklearn": ("scikit-learn",),
}
TRIALS = 3  # laps of each configuration


@dataclass(frozen=True)
class Pairing:
    """The result of a race against one peer.

    Units
        tried         seconds per step of each configuration of the peer
        ours, theirs  maximum difference of the losses from those in float64, over all
                      configurations
        bound         largest difference allowed
    """

    network: str
    peer: str
    batch_size: int
    workers: int
    way: str
    threads: int
    tried: dict[str, float]
    ours: float
    theirs: float
    bound: float
    versions: dict[str, str]
    laps: Laps


def race_peer(
    network: Network,
    peer: str,
    *,
    batch_size: int,
    workers: int | None,
    laps: int,
    images: int,
    lap_seconds: float,
) -> Pairing:
    """Race one network against one peer; HandgradError if the losses do not match."""
    library = load(peer)
    keep_memory()
    task = Task(network, *pictures(network.image_shape, images), batch_size)
    ways: Mapping[str, Way] = library.ways(task)
    ours, theirs = compare(task, peer, ways, workers)
    batches = random_batches(
        task.images, task.targets, batch_size, images // batch_size or 1
    )
    steps = {name: way.make_step() for name, way in ways.items()}
    count = len(batches)

    def theirs_on(name: str) -> Racer:
        return Racer(
            name,
            lambda step: steps[name](batches[step % count].rows),
            ways[name].get_ready,
        )

    trials = run_laps([*map(theirs_on, ways)], TRIALS, lap_seconds=lap_seconds)
    chosen = trials.fastest()
    engine = make_engine(network, batch_size, workers)
    racers = [
        Racer(
            OURS,
            lambda step: engine.train_step(batches[step % count], step + 1),
            lambda: limit_blas(1),
        ),
        replace(theirs_on(chosen), name=peer),
    ]
    return Pairing(
        network.name,
        peer,
        batch_size,
        engine.workers,
        chosen,
        ways[chosen].threads,
        {name: trials.time(name).median for name in ways},
        ours,
        theirs,
        bound(network, batch_size),
        {name: version(name) for name in LIBRARIES[peer]},
        run_laps(racers, laps, lap_seconds=lap_seconds),
    )


def load(peer: str) -> ModuleType:
    """Import the module of a peer; ConfigError if it or its library is missing."""
    if peer not in LIBRARIES:
        raise unknown_name("peer", peer, LIBRARIES)
    try:
        return import_module(f"peers.{peer}_peer")
    except ModuleNotFoundError as error:
        wanted = " ".join(LIBRARIES[peer])
        raise ConfigError(
            f"A race against {peer} needs {error.name}, which is not installed. "
            f"Install it in a separate environment: pip install {wanted}"
        ) from error


def compare(
    task: Task, peer: str, ways: Mapping[str, Way], workers: int | None
) -> tuple[float, float]:
    """Maximum difference of the first losses from float64: Handgrad's, the peer's.

    HandgradError if either exceeds the bound.
    """
    steps = {name: way.make_step() for name, way in ways.items()}
    batches = random_batches(
        task.images, task.targets, task.batch_size, COMPARED_STEPS, seed=1
    )
    exact = exact_losses(task.network, batches)
    engine = make_engine(task.network, task.batch_size, workers)
    numbered = enumerate(batches, 1)
    ours = [engine.train_step(batch, step).loss for step, batch in numbered]
    found = {OURS: difference(ours, exact)}
    for name, way in ways.items():
        way.get_ready()
        losses = [float(steps[name](batch.rows)) for batch in batches]
        found[f"{peer} ({name})"] = difference(losses, exact)
    limit = bound(task.network, task.batch_size)
    for name, worst in found.items():
        if not worst <= limit:  # also rejects NaN
            raise HandgradError(
                f"{name} does not train {task.network.name} like the float64 "
                f"reference: losses differ by {worst:.1e}, more than {limit:.1e}, so "
                "times cannot be compared. Please report this."
            )
    return found.pop(OURS), max(found.values())


def exact_losses(network: Network, batches: Sequence[Batch]) -> list[float]:
    """The losses of the plain layers in float64, the reference."""
    model, optimizer = network.build(), network.build_optimizer()
    parameters, loss = model.parameters(), SoftmaxCrossEntropy()
    for parameter in parameters.values():
        parameter.value = np.array(parameter.value, dtype=np.float64)
    states = {name: optimizer.initial_state(own) for name, own in parameters.items()}
    found = []
    for step, batch in enumerate(batches, 1):
        inputs = network.normalization.apply(batch.images[batch.rows])
        logits, caches = model.forward(inputs.astype(np.float64), training=True)
        value, cache = loss.forward(logits, batch.targets[batch.rows])
        _, gradients = model.backward(loss.backward(cache), caches)
        for name, parameter in parameters.items():
            optimizer.update(parameter, gradients[name], states[name], step)
        found.append(float(value))
    return found
