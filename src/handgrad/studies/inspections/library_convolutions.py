"""Compare training with SciPy's convolutions and with our own."""

from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np
from jaxtyping import Float

from handgrad.arrays import Gradients, NumpyArray, Shape
from handgrad.datasets import Split, normalization
from handgrad.engine.engine import Batch
from handgrad.engine.plain import PlainEngine
from handgrad.errors import ConfigError
from handgrad.layers import Conv2d, Layer, Sequential
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import lenet
from handgrad.optimizers import SGD
from handgrad.parameter import Parameter
from handgrad.randomness import Key, permutation
from handgrad.studies.inspections.output_folder import Place


class LibraryConv2d(Layer[NumpyArray]):
    """A convolution whose forward and backward passes use SciPy.

    Shapes
        as those of the Conv2d whose parameters it uses

    Equations
        outputs[:, k]    = correlation of the padded inputs with weight[k]
        d_weight[k]      = correlation of the padded inputs with d_outputs[:, k]
        d_inputs         = sum over k of the convolution of d_outputs[:, k] with
                           weight[k], without the padding

    Cache
        the padded inputs
    """

    def __init__(self, ours: Conv2d) -> None:
        basic = ours.windows.is_basic and ours.groups == 1
        if ours.stride != (1, 1) or ours.bias is None or not basic:
            raise ConfigError(
                "LibraryConv2d takes a stride of 1, a bias, and no groups or dilation, "
                f"got {ours}. Use a network of such convolutions."
            )
        self.ours = ours

    def output_shape(self, input_shape: Shape) -> Shape:
        """Output shape of the Conv2d."""
        return self.ours.output_shape(input_shape)

    def forward(
        self,
        inputs: Float[NumpyArray, "batch in_channels height width"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[NumpyArray, "batch out_channels rows columns"], NumpyArray]:
        """Correlate the padded inputs with each kernel, and add the bias."""
        from scipy.signal import correlate

        down, across = self.ours.padding
        edges = ((0, 0), (0, 0), (down, down), (across, across))
        images = np.pad(inputs, edges)
        maps = [correlate(images, k[None], "valid") for k in self._weight()]
        outputs: NumpyArray = np.concatenate(maps, axis=1)
        bias = self.ours.parameters()["bias"].value
        return outputs + np.asarray(bias)[:, None, None], images

    def backward(
        self,
        d_outputs: Float[NumpyArray, "batch out_channels rows columns"],
        images: NumpyArray,
        /,
    ) -> tuple[Float[NumpyArray, "batch in_channels height width"], Gradients]:
        """Compute the gradients of inputs, weight and bias."""
        from scipy.signal import convolve, correlate

        channels = [d_outputs[:, k : k + 1] for k in range(d_outputs.shape[1])]
        d_weight = np.concatenate([correlate(images, d, "valid") for d in channels])
        parts = zip(channels, self._weight(), strict=True)
        d_images = sum(convolve(d, k[None], "full") for d, k in parts)
        down, across = self.ours.padding
        height, width = images.shape[2] - down, images.shape[3] - across
        d_inputs = d_images[:, :, down:height, across:width]
        return d_inputs, {"weight": d_weight, "bias": d_outputs.sum(axis=(0, 2, 3))}

    def parameters(self) -> dict[str, Parameter]:
        """Parameters of the Conv2d."""
        return self.ours.parameters()

    def _weight(self) -> NumpyArray:
        return np.asarray(self.ours.weight.value)

    def __repr__(self) -> str:
        return f"LibraryConv2d({self.ours!r})"


def library_convolutions(
    *,
    dataset: str = "digits",
    train_images: int = 2000,
    test_images: int = 1000,
    epochs: int = 2,
    batch_size: int = 50,
    learning_rate: float = 0.03,
    seed: int,
    place: Place,
) -> dict[str, float]:
    """Train LeNet (ReLU, max pooling) with our convolutions and with SciPy's.

    Units
        first_error   relative difference of the first loss, before any update
        largest_error largest relative difference of a loss over all steps
        *_accuracy    on the first test images; *_seconds of the training
    """
    data = place.load(dataset)
    if data.test is None:
        raise ConfigError(f"{data.name} has no test images. Use another data set.")
    train = Split(data.train.images[:train_images], data.train.targets[:train_images])
    test = Split(data.test.images[:test_images], data.test.targets[:test_images])
    scale = normalization("half", train.images)
    losses, accuracy, seconds = {}, {}, {}
    for name in ("ours", "library"):
        model = lenet(activation="relu", pooling="max", seed=seed)
        if name == "library":
            model = with_library_convolutions(model)
        rule = SGD(learning_rate)
        shape = train.image_shape
        engine = PlainEngine(
            model, SoftmaxCrossEntropy(), rule, scale, input_shape=shape, seed=seed
        )
        began = perf_counter()
        losses[name] = trained(engine, train, epochs, batch_size, seed)
        seconds[name] = perf_counter() - began
        answers = engine.logits(test.images).argmax(axis=1)
        accuracy[name] = float(np.mean(answers == test.targets))
    place.draw(
        "loss_by_step",
        lambda: _curves(losses),
        [
            {"step": step, "ours": a, "library": b}
            for step, (a, b) in enumerate(
                zip(losses["ours"], losses["library"], strict=True), 1
            )
        ],
    )
    apart = np.abs(np.array(losses["library"]) / np.array(losses["ours"]) - 1)
    return {
        "steps": len(apart),
        "first_error": float(apart[0]),
        "largest_error": float(apart.max()),
        **{f"{name}_last_loss": found[-1] for name, found in losses.items()},
        **{f"{name}_accuracy": share for name, share in accuracy.items()},
        **{f"{name}_seconds": time for name, time in seconds.items()},
    }


def with_library_convolutions(model: Sequential) -> Sequential:
    """Replace every convolution by SciPy's; the parameters are the same."""
    layers = model.layers.values()
    return Sequential(
        [LibraryConv2d(part) if isinstance(part, Conv2d) else part for part in layers]
    )


def trained(
    engine: PlainEngine, train: Split, epochs: int, batch_size: int, seed: int
) -> list[float]:
    """Train, and return the loss of every step; each epoch has its own order."""
    losses: list[float] = []
    ends = [*range(0, len(train), batch_size), len(train)]
    for epoch in range(epochs):
        order = permutation(Key(seed).child("order").at(epoch), len(train))
        for start, end in pairwise(ends):
            rows = order[start:end]
            batch = Batch(train.images, train.targets, rows, rows)
            losses.append(engine.train_step(batch, len(losses) + 1).loss)
    return losses


def _curves(losses: dict[str, list[float]]) -> Any:
    from handgrad.inspection.figures.loss_by_step import loss_by_step

    return loss_by_step(losses)
