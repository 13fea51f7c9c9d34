"""Cases of `handgrad check`: small versions of the networks in the catalogue."""

from collections.abc import Callable
from typing import Any

from handgrad import losses, models
from handgrad.inspection.check_cases import Draw, NetworkCase
from handgrad.layers import Sequential
from handgrad.losses import L2, Loss


def network_case(
    draw: Draw, model: Callable[..., Sequential], loss: Loss[Any], **options: Any
) -> NetworkCase:
    """A model on three small images, with an L2 term."""
    network = model(seed=draw.integer("seed", 0, 2**31), **options)
    for name, parameter in network.parameters().items():
        if name.endswith("bias"):  # at 0, units with zero inputs are at their kink
            parameter.value = parameter.value + 0.1 * draw.normal(name, parameter.shape)
    shape = options.get("input_shape", (1, 28, 28))
    inputs = draw.normal("inputs", (3, *shape))
    l2 = L2(1e-2, draw.one_of("factor", [0.5, 1.0]))
    return NetworkCase(network, loss, l2, inputs, draw.targets(3, 10))


def narrow_alexnet(draw: Draw, loss: Loss[Any]) -> NetworkCase:
    """Five convolutions of few channels, with batch norm and dropout."""
    return network_case(
        draw,
        models.alexnet,
        loss,
        channels=(2, 3, 4, 3, 2),
        hidden_sizes=(8, 6),
        pooling=draw.one_of("pooling", ["max", "average", "global_average"]),
        dropout=0.25,
        input_shape=(1, 16, 16),
    )


SMALL = (1, 8, 8)
NETWORK_CASES: dict[str, Callable[[Draw], NetworkCase]] = {
    "airbench": lambda draw: network_case(
        draw,
        models.airbench,
        losses.SoftmaxCrossEntropy(),
        channels=(2, 3),
        dropout=0.25,
        input_shape=SMALL,
    ),
    "softmax_regression": lambda draw: network_case(
        draw, models.softmax_regression, losses.SoftmaxCrossEntropy(), input_shape=SMALL
    ),
    "perceptron, sigmoid": lambda draw: network_case(
        draw, models.perceptron, losses.MeanSquaredError(), hidden=9, input_shape=SMALL
    ),
    "perceptron, ReLU, SVM": lambda draw: network_case(
        draw,
        models.perceptron,
        losses.MulticlassSVM(),
        hidden=9,
        activation="relu",
        input_shape=SMALL,
    ),
    "mlp, GELU, dropout": lambda draw: network_case(
        draw,
        models.mlp,
        losses.SoftmaxCrossEntropy(0.1),
        hidden_sizes=(12, 9),
        activations=("gelu", "tanh"),
        dropout=0.2,
        input_shape=SMALL,
    ),
    "lenet, sigmoid, average": lambda draw: network_case(
        draw, models.lenet, losses.SoftmaxCrossEntropy()
    ),
    "lenet, ReLU, max": lambda draw: network_case(
        draw,
        models.lenet,
        losses.SoftmaxCrossEntropy(),
        activation="relu",
        pooling="max",
    ),
    "alexnet": lambda draw: narrow_alexnet(draw, losses.SoftmaxCrossEntropy()),
    "resnet": lambda draw: network_case(
        draw,
        models.resnet,
        losses.SoftmaxCrossEntropy(),
        channels=(2, 3),
        dropout=0.25,
        input_shape=SMALL,
    ),
    "vgg": lambda draw: network_case(
        draw,
        models.vgg,
        losses.SoftmaxCrossEntropy(),
        channels=(2, 3),
        dropout=0.25,
        input_shape=SMALL,
    ),
}
