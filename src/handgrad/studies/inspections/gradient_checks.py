"""Gradients of networks of many settings, checked against finite differences."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from handgrad.inspection.differentiable import NetworkValue
from handgrad.inspection.gradient_check import by_array, by_projection
from handgrad.layers import Sequential
from handgrad.losses import L2, SoftmaxCrossEntropy
from handgrad.models import mlp
from handgrad.randomness import Key, normal, uniform
from handgrad.studies.inspections.output_folder import Place

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASSES = 10
IMAGE = (1, 4, 4)
DIRECTIONS = 5


def regularised_network(
    *,
    l2: float = 0.0,
    weight_scale: float = 0.05,
    dropout: float = 0.0,
    hidden_sizes: Sequence[int] = (20, 30),
    features: int = 15,
    examples: int = 2,
    seed: int,
    place: Place,
) -> dict[str, float]:
    """Initial loss of a network with an L2 term, and the error of each gradient.

    Units
        loss           data loss plus L2 term
        weight_N, bias_N  relative error of layer N: largest difference / largest sum of
                          absolute values
    """
    model = mlp(
        hidden_sizes=hidden_sizes,
        activations="relu",
        dropout=dropout,
        initializer={"name": "normal", "std": weight_scale},
        input_shape=(1, 1, features),
        classes=CLASSES,
        seed=seed,
    )
    shape = (examples, 1, 1, features)
    value = network_value(model, shape, Key(seed), L2(l2))
    of_data = network_value(model, shape, Key(seed), L2(0.0))
    errors = by_array(value)
    errors.pop("inputs")
    named = {"_".join(_layer_and_kind(name)): e for name, e in errors.items()}

    rows = [{"parameter": name, "error": error} for name, error in named.items()]
    place.draw("gradient_errors", lambda: error_figure(named), rows)
    return {
        "loss": value.evaluate(value.point)[0],
        "data_loss": of_data.evaluate(value.point)[0],
        **named,
        "largest_error": max(named.values()),
    }


def configurable_perceptrons(
    *,
    hidden_sizes: Sequence[Sequence[int]],
    activations: Sequence[str],
    initializers: Sequence[str],
    dropout: Sequence[float] = (0.0, 0.2),
    seed: int,
    place: Place,
) -> dict[str, float]:
    """Build a network for every combination of the lists, and check its gradients.

    Units
        error_ACTIVATION  largest relative error over all networks with this activation
    """
    worst = dict.fromkeys(activations, 0.0)
    rows = []
    grid = product(hidden_sizes, activations, initializers, dropout)
    for sizes, activation, start, rate in grid:
        model = mlp(
            hidden_sizes=sizes,
            activations=activation,
            dropout=rate,
            initializer=start,
            input_shape=IMAGE,
            classes=CLASSES,
            seed=seed,
        )
        key = Key(seed)
        value = network_value(model, (3, *IMAGE), key, L2(0.0))
        found = by_projection(value, key=key, directions=DIRECTIONS)
        error = found.max_relative_error if found.passed else np.inf
        worst[activation] = max(worst[activation], error)
        rows.append(
            {
                "hidden_sizes": "-".join(map(str, sizes)),
                "activation": activation,
                "initializer": start,
                "dropout": rate,
                "parameters": sum(p.value.size for p in model.parameters().values()),
                "error": error,
            }
        )

    place.draw("gradient_errors", lambda: error_figure(worst), rows)
    return {
        "networks": len(rows),
        **{f"error_{name}": error for name, error in worst.items()},
        "largest_error": max(worst.values()),
    }


def network_value(
    model: Sequential, shape: tuple[int, ...], key: Key, l2: L2
) -> NetworkValue:
    """Return the loss of a network on standard normal inputs and random classes."""
    inputs = normal(key.child("inputs"), shape)
    draws = uniform(key.child("targets"), shape[:1], 0, CLASSES)
    targets = draws.astype(np.int64)
    return NetworkValue(model, SoftmaxCrossEntropy(), inputs, targets, key=key, l2=l2)


def error_figure(errors: Mapping[str, float]) -> "Figure":
    """Plot one dot for each error."""
    from handgrad.inspection.figures.log_dots import log_dots

    return log_dots(
        errors,
        heading="Gradients against finite differences",
        note="relative errors, float64",
        form="{:.1e}",
    )


def _layer_and_kind(name: str) -> tuple[str, str]:
    """Split linear_2.weight into weight and 2."""
    layer, _, kind = name.partition(".")
    return kind, layer.rpartition("_")[2]
