"""Weights of classes, so that rare ones count as much as frequent ones."""

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Split
from handgrad.errors import ConfigError

ClassWeight = str | Mapping[int, float] | None


def class_weights(targets: NumpyArray, classes: int, choice: ClassWeight) -> NumpyArray:
    """The weight of each class, float64: balanced, or those of a mapping.

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
    weights = np.ones(classes)
    if choice is None:
        return weights
    if isinstance(choice, Mapping):
        for number, weight in choice.items():
            _check_entry(number, weight, classes)
            weights[number] = weight
        return weights
    if choice != "balanced":
        raise ConfigError(
            "class_weight takes 'balanced', a mapping from class number to weight, or "
            f"none, got {choice!r}. Write 'balanced'."
        )
    counts = np.bincount(targets, minlength=classes)
    balanced = len(targets) / (classes * np.maximum(counts, 1))
    return np.where(counts > 0, balanced, 0.0)


def weighted(split: Split, classes: int, choice: ClassWeight) -> Split:
    """The split with its examples weighted by class, besides their own weights."""
    if choice is None:
        return split
    weights = class_weights(split.targets, classes, choice)[split.targets]
    if split.weights is not None:
        weights = weights * split.weights
    return replace(split, weights=weights.astype(np.float32))


def _check_entry(number: object, weight: float, classes: int) -> None:
    is_class = isinstance(number, int | np.integer) and 0 <= number < classes
    if not is_class:
        raise ConfigError(
            f"class_weight takes class numbers from 0 to {classes - 1}, got {number!r}."
            " Name the classes by their numbers."
        )
    if not (isfinite(weight) and weight >= 0):
        raise ConfigError(
            f"class_weight takes finite weights from 0 up, got {weight} for class "
            f"{number}. Replace it."
        )
