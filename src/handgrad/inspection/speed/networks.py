"""The benchmark networks, and the number of operations of a training step."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from handgrad import catalog
from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets.normalization import Normalization, half
from handgrad.inspection.summary import summary
from handgrad.layers import Sequential
from handgrad.optimizers import Optimizer
from handgrad.options import name_of

GREY, COLOUR = (1, 28, 28), (3, 32, 32)
CLASSES = 10
NOISE = 64  # grey levels, the standard deviation around the image of a class


@dataclass(frozen=True)
class Network:
    """A network to be timed: catalogue names and options, and the image shape."""

    name: str
    model: str
    options: Mapping[str, Any] = field(default_factory=dict)
    optimizer: str = "sgd"
    optimizer_options: Mapping[str, Any] = field(
        default_factory=lambda: {"learning_rate": 0.1}
    )
    image_shape: Shape = GREY

    def build(self, seed: int = 0) -> Sequential:
        """The network with its initial parameters."""
        model: Sequential = catalog.build(
            "model",
            self.model,
            self.options,
            input_shape=self.image_shape,
            classes=CLASSES,
            seed=seed,
        )
        return model

    def build_optimizer(self) -> Optimizer:
        """The network's optimizer."""
        rule: Optimizer = catalog.build(
            "optimizer", self.optimizer, {}, **self.optimizer_options
        )
        return rule

    @property
    def normalization(self) -> Normalization:
        """The normalization of pixels to -1 to 1."""
        return half(self.image_shape[0])


_WIDE = {"hidden_sizes": [1024, 512, 256, 128, 64], "activations": "gelu_tanh"}
_NETWORKS = (
    Network("softmax", "softmax_regression"),
    Network("mlp256", "mlp", {"hidden_sizes": [256]}),
    Network("mlp5", "mlp", _WIDE),
    Network("lenet_sigmoid_avg", "lenet"),
    Network("lenet_relu_max", "lenet", {"activation": "relu", "pooling": "max"}),
    Network(
        "alex5",
        "alexnet",
        optimizer="adam",
        optimizer_options={"learning_rate": 0.001},
    ),
    Network(
        "mlp_cifar",
        "mlp",
        {"hidden_sizes": [1024]},
        optimizer_options={"learning_rate": 0.1, "momentum": 0.9},
        image_shape=COLOUR,
    ),
    Network(
        "resnet8",
        "resnet",
        optimizer_options={"learning_rate": 0.1, "momentum": 0.9},
        image_shape=COLOUR,
    ),
)
NETWORKS = {network.name: network for network in _NETWORKS}
LARGE = {"vgg64": Network("vgg64", "vgg", image_shape=(3, 64, 64))}  # memory only


def network(name: str, options: Mapping[str, Any] | None = None) -> Network:
    """One of `NETWORKS`, or a model of the catalogue, with additional options.

    Example
        network("lenet", {"activation": "relu"}).build()
    """
    quoted = {**NETWORKS, **LARGE}
    name = name_of("network", {**catalog.MODELS, **quoted}, name)
    known = quoted.get(name, Network(name, name))
    return replace(known, options={**known.options, **(options or {})})


def pictures(
    shape: Shape, count: int, seed: int = 0, classes: int = CLASSES
) -> tuple[NumpyArray, NumpyArray]:
    """Random uint8 images that can be learned, and their targets.

    Images are a fixed image per class plus noise, so losses fall as on real data and
    gradients do not vanish.
    """
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, classes, count)
    own = rng.integers(64, 192, (classes, *shape))
    images = np.empty((count, *shape), dtype=np.uint8)
    for start in range(0, count, 1000):  # in chunks, to limit the memory of the noise
        part = own[targets[start : start + 1000]]
        noisy = part + NOISE * rng.standard_normal(part.shape, dtype=np.float32)
        images[start : start + 1000] = np.clip(noisy, 0, 255)
    return images, targets.astype(np.int64)


def textbook_operations(model: Sequential, input_shape: Shape) -> int:
    """Operations per image of one training step, by the textbook algorithm.

    A layer with weights takes its multiply-adds once for the outputs, once for the
    gradient of its weights and once for the gradient of its inputs, which the first
    layer does not need. Other operations are negligible.
    """
    found = [row.multiply_adds for row in summary(model, input_shape).rows]
    products = [multiply_adds for multiply_adds in found if multiply_adds]
    return 2 * (3 * sum(products) - (products[0] if products else 0))
