"""Class weights, so that rare classes count as much as frequent ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Split
from handgrad.errors import ConfigError
from handgrad.ranges import shown

NAMED = 12  # classes listed in an error
ClassWeight = str | Mapping[str, float] | None


def class_weights(
    targets: NumpyArray, class_names: Sequence[str], choice: ClassWeight
) -> NumpyArray:
    """The weight of each class, float64: balanced, or those of a mapping from names.

    A class that a mapping leaves out has weight 1; one without examples has weight 0
    when balanced.

    Shapes
        targets  (count,), class numbers from 0
        outputs  (classes,)

    Equations
        balanced: weight[k] = count / (classes * examples of class k)

    Source
        King, Zeng (2001), Logistic regression in rare events data, section 4.2;
        scikit-learn's compute_class_weight.
    """
    classes = len(class_names)
    weights = np.ones(classes)
    if choice is None:
        return weights
    if isinstance(choice, Mapping):
        for name, weight in choice.items():
            _check_entry(name, weight, class_names)
            weights[class_names.index(name)] = weight
        return weights
    if choice != "balanced":
        raise ConfigError(
            "class_weight takes 'balanced', a mapping from class name to weight, or "
            f"none, got {shown(choice)}. Write 'balanced'."
        )
    counts = np.bincount(targets, minlength=classes)
    balanced = len(targets) / (classes * np.maximum(counts, 1))
    return np.where(counts > 0, balanced, 0.0)


def weighted(split: Split, class_names: Sequence[str], choice: ClassWeight) -> Split:
    """Return the split with class weights multiplied into its example weights."""
    if choice is None:
        return split
    weights = class_weights(split.targets, class_names, choice)[split.targets]
    if split.weights is not None:
        weights = weights * split.weights
    return replace(split, weights=weights.astype(np.float32))


def _check_entry(name: str, weight: float, class_names: Sequence[str]) -> None:
    if name not in class_names:
        raise ConfigError(
            f"class_weight names the class {name!r}, which is not one of "
            f"{', '.join(class_names[:NAMED])}. Use the labels or names of the classes."
        )
    if not (isfinite(weight) and weight >= 0):
        raise ConfigError(
            f"class_weight takes finite weights of at least 0, got {weight} for the "
            f"class {name}. Give a weight in this range."
        )
