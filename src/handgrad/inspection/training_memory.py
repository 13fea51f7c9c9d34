"""Memory of one training step and of one prediction, by role.

Predicted by equations, and measured: the arrays that a step of the plain layers holds,
and the peak of NumPy's allocations.
"""

import gc
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray, Shape
from handgrad.engine.planned_bytes import Roles, prediction_roles, training_roles
from handgrad.errors import ConfigError
from handgrad.inspection.data_sample import dataset_sample
from handgrad.inspection.result import Result
from handgrad.inspection.subject import subject_of
from handgrad.inspection.table import Table
from handgrad.inspection.untrained import check_no_options, is_catalogue_name, untrained
from handgrad.layers import Sequential
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import Optimizer
from handgrad.randomness import Key, normal
from handgrad.ranges import check_count
from handgrad.starting_points import optimizer_named

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False, eq=False)
class Memory(Result):
    """Memory of one network in training and in prediction.

    Units
        training, prediction  bytes by role, predicted
        measured              bytes of the arrays of a training step, by role
        training_peak, prediction_peak
                              measured peak in bytes, parameters included
        batch_size            images per step
    """

    batch_size: int
    training: Roles
    measured: Roles
    prediction: Roles
    training_peak: int
    prediction_peak: int

    @property
    def bars(self) -> dict[str, Roles]:
        """The bytes by role, predicted and measured, by name of the bar."""
        return {
            "training, predicted": self.training,
            "training, measured": self.measured,
            "prediction, predicted": self.prediction,
        }

    @property
    def finding(self) -> str:
        """A sentence that compares training with prediction."""
        predicted = sum(self.training.values()) / sum(self.prediction.values())
        peaks = self.training_peak / self.prediction_peak
        return (
            f"At batch size {self.batch_size}, training takes {predicted:.2f} times as "
            f"much memory as prediction by the equations, and {peaks:.2f} times at the "
            "peak."
        )

    def table(self) -> Table:
        """Bytes by role, their totals and the peaks."""
        heads = ("training", "measured", "prediction")
        columns = (self.training, self.measured, self.prediction)
        peaks = f"{self.training_peak:,}", f"{self.prediction_peak:,}"
        rows = (
            *((role, *(f"{c.get(role, 0):,}" for c in columns)) for role in columns[0]),
            ("total", *(f"{sum(c.values()):,}" for c in columns)),
            ("peak", "", *peaks),
        )
        note = (
            "training, prediction: predicted by equations; measured: arrays held in a "
            "step of the plain layers; peak: measured maximum of allocated memory."
        )
        below = (note, self.finding)
        return Table(("bytes", *heads), rows, right=heads, below=below)

    def figure(self) -> "Figure":
        """One bar per column, stacked by role."""
        from handgrad.inspection.figures.training_memory import memory

        return memory(self.bars)

    def as_dict(self) -> dict[str, Any]:
        """All fields, and the finding."""
        return {**asdict(self), "finding": self.finding}


@takes_kinds
def memory(  # noqa: PLR0913  a network, an optimizer and their options in one call
    model: Any,
    optimizer: str | Optimizer = "sgd",
    image_shape: Shape | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    momentum: float = 0.0,
    batch_size: int = 256,
    seed: int = 0,
    dataset: str | None = None,
    data_dir: Path | None = None,
) -> Memory:
    """Memory of a training step and of a prediction: predicted and measured bytes.

    `model` is the name of a network with its `options`, a fitted classifier, the path
    of a run, or a `Sequential`; `optimizer` is a name or an optimizer. `image_shape`
    defaults to that of the classifier, else to that of the images of `dataset`,
    searched for in `data_dir` first. For a network given by name, `dataset` defaults to
    the digits; a `Sequential` needs `image_shape` or `dataset`.

    ConfigError for an unknown network, optimizer or option, for a `Sequential` without
    a shape, and for a `momentum` or `dataset` that does not apply.

    Shapes
        image_shape  (channels, height, width), or (features,) for vectors

    Units
        batch_size  images per step and per prediction; random images are used
        momentum    momentum of an optimizer given by name
        seed        seed of the random images

    Example
        memory("lenet", "adam", batch_size=64)
    """
    rule: Any = optimizer
    if isinstance(optimizer, str):
        of_rule = {"momentum": momentum} if momentum else {}
        rule = optimizer_named(optimizer, 0.1, **of_rule)
    elif momentum:
        raise ConfigError(
            f"momentum applies to an optimizer given by name, got {momentum:g} for "
            f"{type(optimizer).__name__}(...). Set its own, and omit momentum."
        )
    if is_catalogue_name(model):
        sample = dataset_sample(dataset, 1, data_dir=data_dir)
        shape, classes = image_shape or sample.image_shape, len(sample.class_names)
        subject = untrained(model, options, input_shape=shape, classes=classes)
    else:
        check_no_options(options)
        subject = subject_of(model)
        shape = image_shape or subject.input_shape or ()
        if shape and dataset is not None:
            raise ConfigError(
                f"dataset gives the shape of one input, got {dataset} although the "
                f"shape is known: {shape}. Omit dataset."
            )
        if not shape and dataset is None:
            raise ConfigError(
                "memory needs the shape of one input of a Sequential, got none. Give "
                "image_shape=(channels, height, width) or (features,), or a dataset."
            )
        shape = shape or dataset_sample(dataset, 1, data_dir=data_dir).image_shape
    return measure(subject.network, rule, shape, batch_size=batch_size, seed=seed)


def measure(
    model: Sequential,
    optimizer: Optimizer,
    image_shape: Shape,
    *,
    batch_size: int,
    seed: int = 0,
) -> Memory:
    """Predict memory and measure it on random images.

    The equations of the prediction are those of `engine.planned_bytes`.
    """
    check_count("memory", "batch_size", batch_size)
    inputs = normal(Key(seed), (batch_size, *image_shape)).astype(np.float32)
    training = training_roles(model, optimizer, image_shape, batch_size)
    own = training["parameters"]
    return Memory(
        batch_size,
        training,
        measured_roles(model, optimizer, inputs),
        prediction_roles(model, image_shape, batch_size),
        own + peak(lambda: one_step(model, optimizer, inputs)),
        own + peak(lambda: layerwise(model, inputs)),
    )


def measured_roles(
    model: Sequential, optimizer: Optimizer, inputs: NumpyArray
) -> Roles:
    """Bytes of the arrays that a step of the plain layers holds, each counted once."""
    states = {n: optimizer.initial_state(p) for n, p in model.parameters().items()}
    logits, caches, of_loss, gradients = _forward_and_backward(model, inputs)
    values = [parameter.value for parameter in model.parameters().values()]
    own = distinct([values, inputs])
    kept = distinct([caches, logits, of_loss])
    return {
        "parameters": sum(distinct(values).values()),
        "gradients": sum(distinct(gradients).values()),
        "optimizer": sum(distinct(states).values()),
        "input": inputs.nbytes,
        "activations": sum(size for at, size in kept.items() if at not in own),
    }


def distinct(nested: Any) -> dict[int, int]:
    """Bytes of all arrays in nested caches by address, so that each counts once."""
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


def one_step(model: Sequential, optimizer: Optimizer, inputs: NumpyArray) -> None:
    """Take a training step with the plain layers, then restore the parameters."""
    states = {n: optimizer.initial_state(p) for n, p in model.parameters().items()}
    *_, gradients = _forward_and_backward(model, inputs.copy())
    for name, parameter in model.parameters().items():
        before = parameter.value
        optimizer.update(parameter, gradients[name], states[name], 1)
        parameter.value = before


def layerwise(model: Sequential, inputs: NumpyArray) -> None:
    """A prediction that frees the inputs and cache of each layer immediately."""
    outputs = inputs.copy()
    for layer in model.layers.values():
        outputs = layer.forward(outputs)[0]


def peak(work: Callable[[], None]) -> int:
    """Peak bytes allocated while `work` runs, beyond those allocated before."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _forward_and_backward(model: Sequential, inputs: NumpyArray) -> tuple[Any, ...]:
    """Logits, the caches of layers and loss, and the gradients."""
    key = Key(0).at(1, np.arange(len(inputs)))
    logits, caches = model.forward(inputs, training=True, key=key)
    loss = SoftmaxCrossEntropy()
    _, of_loss = loss.forward(logits, np.zeros(len(inputs), dtype=np.int64))
    _, gradients = model.backward(loss.backward(of_loss), caches)
    return logits, caches, of_loss, gradients
