"""How many numbers a network trains, and the bytes of training and prediction."""

import gc
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from handgrad import catalog
from handgrad.arrays import NumpyArray, Shape
from handgrad.inspection.summary import summary
from handgrad.layers import Flatten, Sequential
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import Optimizer
from handgrad.randomness import Key, normal
from handgrad.studies.inspections.place import Place

FLOAT32_BYTES = 4
GREY, CLASSES = (1, 28, 28), 10


def parameters(
    *, model: Mapping[str, Any], seed: int, place: Place
) -> dict[str, float]:
    """How many numbers a network trains, and how many bytes they take as float32."""
    count = sum(p.value.size for p in build(model, seed).parameters().values())
    return {"parameters": count, "parameter_bytes": count * FLOAT32_BYTES}


def training_memory(
    *,
    model: Mapping[str, Any],
    optimizer: Mapping[str, Any],
    batch_size: int = 256,
    network: str | None = None,
    images: int = 60_000,
    seed: int,
    place: Place,
) -> dict[str, float]:
    """Bytes of one training step and of one prediction, by what they are for.

    `network` names one of those whose speed is quoted: its whole process is measured
    as well, with that many images in memory, against the plan of the CPU engine.

    Equations
        parameters = gradients = 4 * their count
        optimizer  = 4 * count * states (SGD 0, momentum and RMSProp 1, Adam 2)
        input      = 4 * batch * pixels
        activations = 4 * batch * sum of all layers' outputs     (training)
        activations = 4 * batch * largest outputs of two layers in turn  (prediction)

    Units
        ROLE_bytes      predicted by these equations
        measured_ROLE   bytes of the arrays of a step of the plain layers
        *_peak          the most that NumPy held at once in it, parameters included
    """
    built = build(model, seed)
    rule = _optimizer(optimizer)
    roles = predicted_roles(built, rule, batch_size)
    measured = measured_roles(built, rule, batch_size, seed)
    in_prediction = predicted_in_prediction(built, batch_size)

    def draw() -> Any:
        from handgrad.inspection.figures.memory import memory

        return memory(
            {
                "training, predicted": roles,
                "training, measured": measured,
                "prediction, predicted": in_prediction,
            }
        )

    bars = {"training, predicted": roles, "training, measured": measured}
    bars["prediction, predicted"] = in_prediction
    place.draw(
        "memory",
        draw,
        [
            {"when": when, "role": role, "bytes": size}
            for when, sizes in bars.items()
            for role, size in sizes.items()
        ],
    )
    inputs = normal(Key(seed), (batch_size, *GREY)).astype(np.float32)
    found = {
        **{f"{role}_bytes": size for role, size in roles.items()},
        **{f"measured_{role}": size for role, size in measured.items()},
        "parameters": roles["parameters"] // FLOAT32_BYTES,
        "training_bytes": sum(roles.values()),
        "prediction_bytes": sum(in_prediction.values()),
        "training_peak": roles["parameters"]
        + peak(lambda: one_step(built, rule, inputs)),
        "prediction_peak": roles["parameters"] + peak(lambda: layerwise(built, inputs)),
    }
    return found | (process_memory(network, batch_size, images) if network else {})


def predicted_roles(
    model: Sequential, rule: Optimizer, batch_size: int
) -> dict[str, int]:
    """Bytes of a training step by the equations; every layer's outputs are kept."""
    parameters = model.parameters()
    count = sum(parameter.value.size for parameter in parameters.values())
    states = max(len(rule.initial_state(p)) for p in parameters.values())
    outputs = sum(output_sizes(model))
    return {
        "parameters": FLOAT32_BYTES * count,
        "gradients": FLOAT32_BYTES * count,
        "optimizer": FLOAT32_BYTES * count * states,
        "input": FLOAT32_BYTES * batch_size * prod(GREY),
        "activations": FLOAT32_BYTES * batch_size * outputs,
    }


def predicted_in_prediction(model: Sequential, batch_size: int) -> dict[str, int]:
    """Bytes of a prediction that keeps a layer's outputs until the next has its own."""
    roles = predicted_roles(model, _optimizer({"name": "sgd"}), batch_size)
    sizes = output_sizes(model)
    pairs = [a + b for a, b in pairwise(sizes)] or sizes
    return {
        "parameters": roles["parameters"],
        "input": roles["input"],
        "activations": FLOAT32_BYTES * batch_size * max(pairs),
    }


def output_sizes(model: Sequential) -> list[int]:
    """How many numbers each layer gives for one example; a flattened one is no copy."""
    rows = summary(model, GREY).rows
    return [prod(r.output_shape) for r in rows if r.layer != Flatten.__name__]


def measured_roles(
    model: Sequential, rule: Optimizer, batch_size: int, seed: int
) -> dict[str, int]:
    """Bytes of the arrays that a step of the plain layers holds, each once."""
    inputs = normal(Key(seed), (batch_size, *GREY)).astype(np.float32)
    states = {n: rule.initial_state(p) for n, p in model.parameters().items()}
    logits, caches = model.forward(inputs, training=True, key=Key(seed))
    loss = SoftmaxCrossEntropy()
    _, of_loss = loss.forward(logits, np.zeros(batch_size, dtype=np.int64))
    _, gradients = model.backward(loss.backward(of_loss), caches)
    values = [parameter.value for parameter in model.parameters().values()]
    kept = distinct([caches, logits, of_loss])
    own = distinct([values, inputs])
    return {
        "parameters": sum(distinct(values).values()),
        "gradients": sum(distinct(gradients).values()),
        "optimizer": sum(distinct(states).values()),
        "input": inputs.nbytes,
        "activations": sum(size for at, size in kept.items() if at not in own),
    }


def distinct(nested: Any) -> dict[int, int]:
    """Bytes of all arrays in nested caches by where they lie, so that none is twice."""
    return {array.ctypes.data: array.nbytes for array in arrays_in(nested)}


def arrays_in(nested: Any) -> Iterator[NumpyArray]:
    """Every array in mappings, lists and tuples."""
    if isinstance(nested, np.ndarray):
        yield nested
    elif isinstance(nested, Mapping):
        yield from arrays_in(list(nested.values()))
    elif isinstance(nested, list | tuple):
        for part in nested:
            yield from arrays_in(part)


def one_step(model: Sequential, rule: Optimizer, inputs: NumpyArray) -> None:
    """A training step of the plain layers, parameters updated on a copy of each."""
    states = {n: rule.initial_state(p) for n, p in model.parameters().items()}
    copied = inputs.copy()
    logits, caches = model.forward(copied, training=True, key=Key(0))
    loss = SoftmaxCrossEntropy()
    _, cache = loss.forward(logits, np.zeros(len(inputs), dtype=np.int64))
    _, gradients = model.backward(loss.backward(cache), caches)
    for name, parameter in model.parameters().items():
        before = parameter.value
        rule.update(parameter, gradients[name], states[name], 1)
        parameter.value = before


def layerwise(model: Sequential, inputs: NumpyArray) -> None:
    """A prediction that lets go of each layer's inputs and cache at once."""
    outputs = inputs.copy()
    for layer in model.layers.values():
        outputs = layer.forward(outputs)[0]


def peak(work: Callable[[], None]) -> int:
    """The most bytes that were allocated at once, beyond those before."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def process_memory(network: str, batch_size: int, images: int) -> dict[str, float]:
    """The whole process of a training by the CPU engine: its plan, and its peak."""
    from handgrad.inspection.speed.memory_report import memory_report

    report = memory_report(network, batch_size=batch_size, workers=1, images=images)
    return {
        **{
            f"plan_{role.replace(' ', '_')}": size
            for role, size in report.roles.items()
        },
        "process_before": report.baseline,
        "process_images": report.images,
        "process_predicted": report.predicted,
        "process_measured": report.measured,
        "process_error": abs(report.error),
    }


def build(model: Mapping[str, Any], seed: int, shape: Shape = GREY) -> Sequential:
    """A network of the catalogue for images of that shape and ten classes."""
    options = dict(model)
    network: Sequential = catalog.build(
        "model",
        options.pop("name", ""),
        options,
        input_shape=shape,
        classes=CLASSES,
        seed=seed,
    )
    return network


def _optimizer(chosen: Mapping[str, Any]) -> Optimizer:
    options = dict(chosen)
    rate = options.pop("learning_rate", 0.1)
    rule: Optimizer = catalog.build(
        "optimizer", options.pop("name", ""), options, learning_rate=rate
    )
    return rule
