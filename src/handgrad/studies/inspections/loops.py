"""Compare LeNet in pure Python loops, in the plain layers and in the CPU engine."""

from time import process_time
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets import Split, normalization
from handgrad.datasets.normalization import Normalization
from handgrad.engine.choose import make_engine
from handgrad.engine.engine import Batch, Engine
from handgrad.inspection.differentiable import in_float64
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import lenet
from handgrad.optimizers import SGD
from handgrad.studies.inspections.lenet_in_loops import LoopedLeNet
from handgrad.studies.inspections.output_folder import Place

RATE = 0.1
WARM_UP = 2  # steps


def looped_lenet(
    *,
    dataset: str = "digits",
    images: int = 4,
    steps: int = 2,
    batch_size: int = 256,
    timed_steps: int = 5,
    seed: int,
    place: Place,
) -> dict[str, float]:
    """Train LeNet with loops, layers and the engine; compare results and times.

    The loops and the plain layers compute in float64, the engine in float32. The time
    of an epoch is extrapolated: its number of images times the measured time per image,
    as CPU time of all threads, so that other processes do not count.

    Units
        loss_N          loss of the loops before step N
        plain_error     largest relative difference of a loss or a parameter array from
                        the loops; engine_error likewise
        *_seconds       CPU seconds of an epoch of all training images
    """
    train = place.load(dataset).train
    scale = normalization("half", train.images)
    few = Split(train.images[:images], train.targets[:images])
    began = process_time()
    right, losses = by_loops(few, scale, steps, seed)
    slowest = (process_time() - began) / (steps * images)
    per_image = {"loops": slowest}
    errors = {"plain": by_layers(few, scale, steps, seed)}
    errors["engine"] = by_engine(few, scale, steps, seed, place.workers)
    for name in ("plain", "engine"):
        engine = engine_of(name, train, scale, batch_size, seed, place.workers)
        per_image[name] = seconds_of(engine, train, batch_size, timed_steps)
    epoch = {name: len(train) * seconds for name, seconds in per_image.items()}

    def draw() -> Any:
        from handgrad.inspection.figures.log_dots import log_dots

        return log_dots(epoch, heading="One epoch of LeNet", note="CPU seconds")

    rows = [
        {
            "implementation": name,
            "seconds_an_image": per_image[name],
            "seconds_an_epoch": total,
        }
        for name, total in epoch.items()
    ]
    place.draw("three_speeds", draw, rows)
    return {
        **{f"loss_{number}": loss for number, loss in enumerate(losses, 1)},
        **{f"{n}_error": apart(e, (right, losses)) for n, e in errors.items()},
        **{f"{name}_seconds": total for name, total in epoch.items()},
        "plain_speedup": per_image["loops"] / per_image["plain"],
        "engine_speedup": per_image["loops"] / per_image["engine"],
        "slice_images": images * steps,
    }


Outcome = tuple[dict[str, NumpyArray], list[float]]  # parameters, losses


def by_loops(few: Split, scale: Normalization, steps: int, seed: int) -> Outcome:
    """Train some steps on one batch, one number at a time."""
    model = lenet(seed=seed)
    values = {n: p.value.astype(float).tolist() for n, p in model.parameters().items()}
    looped = LoopedLeNet(values)
    inputs = scale.apply(few.images).astype(np.float64).tolist()
    targets = few.targets.tolist()
    losses = [looped.train_step(inputs, targets, RATE) for _ in range(steps)]
    return {name: np.array(value) for name, value in looped.parameters.items()}, losses


def by_layers(few: Split, scale: Normalization, steps: int, seed: int) -> Outcome:
    """The same in the plain layers, in float64."""
    model, loss, losses = in_float64(lenet(seed=seed)), SoftmaxCrossEntropy(), []
    inputs = scale.apply(few.images).astype(np.float64)
    for _ in range(steps):
        logits, caches = model.forward(inputs, training=True)
        value, cache = loss.forward(logits, few.targets)
        losses.append(value)
        _, gradients = model.backward(loss.backward(cache), caches)
        for name, parameter in model.parameters().items():
            parameter.value = parameter.value - RATE * gradients[name]
    return {name: np.asarray(p.value) for name, p in model.parameters().items()}, losses


def by_engine(
    few: Split, scale: Normalization, steps: int, seed: int, workers: int | None
) -> Outcome:
    """The same in the CPU engine, in float32."""
    engine = engine_of("cpu", few, scale, len(few), seed, workers)
    rows = np.arange(len(few))
    batch = Batch(few.images, few.targets, rows, rows)
    losses = [engine.train_step(batch, step + 1).loss for step in range(steps)]
    parameters = engine.model.parameters()
    return {n: np.asarray(p.value, dtype=float) for n, p in parameters.items()}, losses


def engine_of(
    name: str,
    split: Split,
    scale: Normalization,
    batch_size: int,
    seed: int,
    workers: int | None,
) -> Engine:
    """Create an untrained LeNet in the plain or in the CPU engine."""
    return make_engine(
        "plain" if name == "plain" else "cpu",
        lenet(seed=seed),
        SoftmaxCrossEntropy(),
        SGD(RATE),
        scale,
        input_shape=split.image_shape,
        batch_size=batch_size,
        seed=seed,
        workers=workers,
    )


def seconds_of(engine: Engine, train: Split, batch_size: int, steps: int) -> float:
    """CPU seconds per image, from the median step after warm-up."""
    rows = np.arange(min(batch_size, len(train)))
    batch, times = Batch(train.images, train.targets, rows, rows), []
    for step in range(1, WARM_UP + steps + 1):
        began = process_time()
        engine.train_step(batch, step)
        times.append(process_time() - began)
    return float(np.median(times[WARM_UP:])) / len(rows)


def apart(found: Outcome, right: Outcome) -> float:
    """Largest relative difference of a loss, or of an array by its largest value."""
    (arrays, losses), (right_arrays, right_losses) = found, right
    worst = np.max(np.abs(np.array(losses) / np.array(right_losses) - 1))
    for name, value in right_arrays.items():
        size = np.abs(value).max()
        worst = max(worst, np.abs(arrays[name] - value).max() / size)
    return float(worst)
