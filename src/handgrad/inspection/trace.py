"""Every named array of one forward and one backward pass, layer by layer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.errors import unknown_name
from handgrad.inspection.differentiable import in_float64
from handgrad.inspection.gradient_check import norm
from handgrad.inspection.recording import Record, record_layers
from handgrad.inspection.result import Result
from handgrad.inspection.sample import Sample, Where, image_of, sample_of
from handgrad.inspection.subject import Subject, subject_of
from handgrad.inspection.table import Table, sizes
from handgrad.inspection.trace_step import (
    LayerTrace,
    LossTrace,
    as_list,
    layer_step,
    loss_step,
)
from handgrad.layers import Sequential
from handgrad.randomness import Key

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False, eq=False)
class Trace(Result):
    """All layers of one forward and backward pass, first to last, and the loss.

    Iterate over the layers, or index by the name or number of a layer (ConfigError for
    an unknown name): `found["conv2d_1"].d_outputs`,
    `found["residual_1.body.conv2d_1"]`, `found["loss"]`. `layers` holds one
    `LayerTrace` per layer, `loss` the arrays of the loss; `class_names[k]` names
    class k.

    Shapes
        images  (count, ...), as given
    """

    layers: tuple[LayerTrace, ...]
    loss: LossTrace
    images: NumpyArray
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[LayerTrace]:
        return iter(self.layers)

    def __getitem__(self, name: str | int) -> Any:
        if isinstance(name, int):
            return self.layers[name]
        steps = {step.name: step for step in (*self.layers, self.loss)}
        if name not in steps:
            raise unknown_name("layer of the trace", name, steps)
        return steps[name]

    def table(self) -> Table:
        """Return the shapes and norms of each layer's outputs and gradients."""
        heads = ("|outputs|", "|d_outputs|", "|gradients|")
        rows = tuple(
            (
                step.name,
                sizes(step.outputs.shape[1:]),
                f"{np.linalg.norm(step.outputs):.4g}",
                f"{np.linalg.norm(step.d_outputs):.4g}",
                f"{norm(step.gradients.values()):.4g}" if step.gradients else "",
            )
            for step in self.layers
        )
        count = len(self.images)
        images = "image" if count == 1 else "images"
        note = f"{count} {images}; loss {self.loss.value:.6g} ({self.loss.kind})."
        return Table(("layer", "outputs", *heads), rows, right=heads, below=(note,))

    def figure(self) -> "Figure":
        """Return a figure of each layer's outputs next to their gradients."""
        from handgrad.inspection.figures.trace import trace_figure

        return trace_figure(self)

    def as_dict(self, plain: Callable[[NumpyArray], Any] = as_list) -> dict[str, Any]:
        """Return `layers` and `loss`, with their arrays, as plain values.

        `plain` makes plain values of an array, by default nested lists.
        """
        layers = [step.as_dict(plain) for step in self.layers]
        return {"layers": layers, "loss": self.loss.as_dict(plain)}


@takes_kinds
def trace(
    subject: Any,
    images: Any = None,
    labels: Any = None,
    *,
    image: int | None = None,
    training: bool = False,
    key: Key | None = None,
    **where: Unpack[Where],
) -> Trace:
    """Run one forward and one backward pass, and record every array by name.

    `subject` is a fitted classifier, the path of a run, or a `Sequential`. A copy of
    its network runs in float64, with the layers' own `forward` and `backward`. The loss
    is that of the classifier without its L2 term. Without `images`, an image of the run
    is used, selected by `split` ("test", "validation" or "train") or `dataset` (a name
    or path, searched for in `data_dir` first).

    By default the network runs in prediction mode. With `training=True` dropout draws
    its mask from `key`, by default that of step 1 of a training with seed 0 on examples
    0, 1, 2, ...; batch normalization uses the statistics of the given images.

    ConfigError for an unknown label or an image number out of range; ShapeError for
    images of the wrong shape.

    Shapes
        images  one image as the classifier takes it, or several as one batch; with
                `image`, only the image of that number, counted from 0
        labels  labels of the images: class names or class numbers

    Example
        found = trace(clf, test_images[0], test_labels[0])
        found["linear_1"].gradients["weight"]

    Source
        Rumelhart, Hinton, Williams (1986), Learning representations by back-propagating
        errors.
    """
    of = subject_of(subject)
    if images is None or image is not None:
        sample = image_of(of, images, labels, image, **where)
    else:
        sample = sample_of(of, images, labels, prefer_one=True, **where)
    return trace_sample(of, sample, training=bool(training), key=key)


def trace_sample(
    subject: Subject,
    sample: Sample,
    *,
    training: bool = False,
    key: Key | None = None,
) -> Trace:
    """Trace a sample as one batch."""
    inputs, targets = sample.inputs, sample.targets
    network = in_float64(subject.network)
    assert isinstance(network, Sequential)
    records = record_layers(network)
    key = key or Key(0).child("dropout").at(1, np.arange(len(inputs)))
    logits, caches = network.forward(inputs, training=training, key=key)
    loss = loss_step(subject.loss, logits, targets)
    network.backward(loss.d_logits, caches)
    layers = (layer_step(one, training=training) for one in records if was_run(one))
    return Trace(tuple(layers), loss, sample.images, sample.class_names)


def was_run(record: Record) -> bool:
    """Whether both passes used the layer; a user's container may skip it."""
    return len(record.arrays) == 4
