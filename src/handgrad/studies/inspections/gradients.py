"""Gradient flow by depth, and every Jacobian of the two-layer perceptron."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets import normalization
from handgrad.inspection.differentiable import NetworkValue, in_float64
from handgrad.inspection.gradient_flow import DEPTHS, depth_flow
from handgrad.inspection.jacobians import chained, jacobians_at, point_of
from handgrad.inspection.saturation import BOUND, SCALES, deep, saturation_by_scale
from handgrad.inspection.table import sizes
from handgrad.layers import Softmax
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import perceptron
from handgrad.randomness import Key, normal
from handgrad.studies.inspections.output_folder import Place


def vanishing_gradients(
    *,
    dataset: str = "digits",
    images: int = 64,
    depths: Sequence[int] = DEPTHS,
    scales: Sequence[float] = SCALES,
    seed: int,
    place: Place,
) -> dict[str, float]:
    """Gradient norms by depth for sigmoid and ReLU; saturation by weight scale.

    Units
        ACTIVATION_fades_N   gradient norm of the first layer divided by that of the
                             last, with N hidden layers
        flat_smallest, flat_largest   fraction of saturated sigmoids in three hidden
                                      layers at the smallest and the largest scale
    """
    inputs, targets = _batch(place, dataset, images)
    rows = depth_flow(inputs, targets, depths=depths, seed=seed)
    by_scale = saturation_by_scale(
        deep(inputs.shape[1:], 10, seed=seed), inputs, scales=scales
    )

    def draw_depths() -> Any:
        from handgrad.inspection.figures import gradient_flow

        return gradient_flow.depth_flow(rows)

    def draw_scales() -> Any:
        from handgrad.inspection.figures import saturation

        return saturation.saturation_by_scale(by_scale, BOUND)

    norms = [
        {"activation": r.activation, "depth": r.depth, "layer": layer, "norm": norm}
        for r in rows
        for layer, norm in enumerate(r.norms, 1)
    ]
    flat = [
        {"scale": r.scale, "layer": layer.layer, "flat": layer.share}
        for r in by_scale
        for layer in r.layers
    ]
    place.draw("gradient_norm_by_depth", draw_depths, norms)
    place.draw("saturation_by_scale", draw_scales, flat)
    shares = [np.mean([layer.share for layer in r.layers]) for r in by_scale]
    return {
        **{f"{row.activation}_fades_{row.depth}": row.faded for row in rows},
        "flat_smallest": float(shares[0]),
        "flat_largest": float(shares[-1]),
    }


def jacobians(*, dataset: str = "digits", seed: int, place: Place) -> dict[str, float]:
    """The six Jacobians for the first image, each compared with finite differences.

    Units
        error_NAME    largest absolute difference from a central difference
        chain_error   largest difference between the gradients as products of Jacobians
                      and those of backpropagation, relative to the largest gradient
    """
    inputs, targets = _batch(place, dataset, 1)
    model = perceptron(input_shape=inputs.shape[1:], seed=seed)
    found = jacobians_at(model, inputs[0], seed=seed)

    def draw() -> Any:
        from handgrad.inspection.figures import jacobians

        return jacobians.jacobians(found)

    table = [{**one.as_dict(), "shape": sizes(one.shape)} for one in found]
    place.draw("jacobians", draw, table, kind="png")
    products = chained(found, model, inputs[0], int(targets[0]))
    value = NetworkValue(model, SoftmaxCrossEntropy(), inputs, targets, key=Key(seed))
    gradients = value.gradients()
    errors = [np.abs(products[n] - gradients[n]).max() for n in products]
    largest = max(np.abs(gradients[name]).max() for name in products)
    return {
        "jacobians": len(found),
        **{f"error_{_word(one.name)}": one.max_error for one in found},
        "largest_error": max(one.max_error for one in found),
        "chain_error": float(max(errors) / largest),
    }


def perceptron_equation(
    *, dataset: str = "digits", images: int = 256, seed: int, place: Place
) -> dict[str, float]:
    """Compare softmax(W2 sigmoid(W1 x + b1) + b2) in plain NumPy with the layers.

    Units
        largest_difference  of a probability, in float64
        row_sum_error       largest deviation of a sum of probabilities from 1
    """
    inputs, _ = _batch(place, dataset, images)
    model = perceptron(input_shape=inputs.shape[1:], seed=seed)
    for name, parameter in model.parameters().items():
        if name.endswith("bias"):  # a bias of 0 would test nothing
            parameter.value = normal(Key(seed).child(name), parameter.shape)
    point = point_of(model, inputs[0])
    x = inputs.reshape(len(inputs), -1)
    f1 = 1 / (1 + np.exp(-(x @ point.w1.T + point.b1)))
    powers = np.exp(f1 @ point.w2.T + point.b2)  # small numbers: no shift is needed
    written_out = powers / powers.sum(axis=1, keepdims=True)
    found, _ = Softmax().forward(in_float64(model).forward(inputs)[0])
    return {
        "parameters": sum(p.value.size for p in model.parameters().values()),
        "largest_difference": float(np.abs(found - written_out).max()),
        "row_sum_error": float(np.abs(found.sum(axis=1) - 1).max()),
    }


def _batch(place: Place, dataset: str, count: int) -> tuple[NumpyArray, NumpyArray]:
    """The first training images, normalized, in float64."""
    train = place.load(dataset).train
    standard = normalization("standard", train.images)
    inputs = standard.apply(train.images[:count]).astype(np.float64)
    return inputs, train.targets[:count]


def _word(name: str) -> str:
    """Convert da2/dW2 to the name of a metric: da2_dw2."""
    return name.lower().replace("/", "_")
