"""Checks of examples, labels and weights, by the conventions of scikit-learn."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from handgrad.arrays import NumpyArray
from handgrad.datasets import Split
from handgrad.datasets.array_input import (
    InputForm,
    as_array,
    as_examples,
    form_of,
)
from handgrad.datasets.example_input import as_example_array
from handgrad.datasets.label_input import as_labels
from handgrad.errors import DatasetError, ShapeError
from handgrad.ranges import shown

SHOWN = 12  # classes in a message
RULES: dict[str, Any] = {
    "allow_nd": True,
    "ensure_all_finite": False,  # `as_examples` names the row and the column
    "dtype": "numeric",
}


def training_examples(
    estimator: Any, examples: Any, labels: Any
) -> tuple[InputForm, NumpyArray, NumpyArray]:
    """Check training data; return the form of the examples, the examples, the labels.

    Sets `n_features_in_`, and `feature_names_in_` for data frames.
    """
    given = as_example_array(examples), as_labels(labels)
    array, targets = validate_data(estimator, *given, **RULES)
    columns = getattr(estimator, "feature_names_in_", None)
    form = replace(
        form_of(array, estimator.channels),
        columns=None if columns is None else tuple(columns),
    )
    estimator.n_features_in_ = prod(form.shape)
    return form, as_examples(array, form, training=True), targets


def more_examples(estimator: Any, form: InputForm, examples: Any) -> NumpyArray:
    """Check that examples have the form of the training examples."""
    if form.is_image:
        array = check_array(as_example_array(examples), ensure_2d=False, **RULES)
    else:
        array = validate_data(
            estimator, as_example_array(examples), reset=False, **RULES
        )
    return as_examples(array, form)


def classes_of(labels: NumpyArray) -> tuple[NumpyArray, NumpyArray]:
    """The classes in sorted order, and the class index of each example."""
    check_classification_targets(labels)
    classes, targets = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise DatasetError(
            f"The labels contain one class, {classes[0]!s}, but a classifier needs at "
            "least two. Add examples of another class."
        )
    return classes, targets.astype(np.int64)


def class_numbers(
    labels: Any, classes: NumpyArray, names: tuple[str, ...] = ()
) -> NumpyArray:
    """The class index of each label, (count,), int64.

    A label is one of `classes`, or one of the names of the classes.
    """
    found = column_or_1d(as_labels(labels))
    for known in (classes, np.asarray(names)):
        if len(known) and (found.dtype.kind in "OUS") == (known.dtype.kind in "OUS"):
            order = np.argsort(known, kind="stable")
            places = np.searchsorted(known, found, sorter=order)
            numbers: NumpyArray = order[np.minimum(places, len(known) - 1)]
            if np.array_equal(known[numbers], found):
                return numbers.astype(np.int64)
    unknown = [label for label in np.unique(found) if label not in set(classes)]
    label = shown(unknown[0] if unknown else found)
    kind, kinds = _kinds(found, classes) if not len(names) else ("", "")
    raise DatasetError(
        f"Unknown label {label}{kind}. The classes of the classifier are {kinds}"
        f"{listed(classes.tolist(), SHOWN)}. Give labels of these classes."
    )


def _kinds(labels: NumpyArray, classes: NumpyArray) -> tuple[str, str]:
    """What the labels and the classes are, in words, if only one of them is text."""
    is_text, are_text = (of.dtype.kind in "OUS" for of in (labels, classes))
    if is_text == are_text:
        return "", ""
    return (", a string", "the numbers ") if is_text else (", a number", "the strings ")


def listed(labels: Sequence[Any], most: int) -> str:
    """The first labels, as in code: 7 is a number, '7' is text."""
    return ", ".join([*map(shown, labels[:most]), *["..."] * (len(labels) > most)])


def weights_of(sample_weight: Any, targets: NumpyArray) -> NumpyArray | None:
    """The weight of each example, (count,), float64, not negative; or None."""
    if sample_weight is None:
        return None
    weights: NumpyArray = _check_sample_weight(
        as_array(sample_weight), targets, dtype=np.float64, ensure_non_negative=True
    )
    if not weights.any():
        raise DatasetError(
            "All sample weights are zero. Give at least one example a weight above 0."
        )
    return weights


def split_of(
    examples: NumpyArray,
    targets: NumpyArray,
    sample_weight: Any,
    batch_size: Any,
) -> Split:
    """Make a split of examples, class indices and weights, without those of weight 0.

    If all examples fit into one step, integer weights repeat the examples, so that both
    are bit-identical: the sums have the same terms.
    """
    weights = weights_of(sample_weight, targets)
    if weights is None:
        return Split(examples, targets)
    is_size = isinstance(batch_size, int | np.integer)
    if is_size and weights.sum() <= batch_size and not (weights % 1).any():
        rows = np.repeat(np.arange(len(targets)), weights.astype(np.int64))
        return Split(examples[rows], targets[rows])
    weights = (weights / weights.max()).astype(np.float32)  # scaled to at most 1
    keep = np.flatnonzero(weights > 0)
    if len(keep) < len(weights):
        examples, targets, weights = examples[keep], targets[keep], weights[keep]
    return Split(examples, targets, None if np.ptp(weights) == 0 else weights)


def held_out(estimator: Any, form: InputForm, classes: NumpyArray) -> Split | None:
    """Validation examples given as arrays; None for a fraction or a count."""
    given = estimator.validation
    if not isinstance(given, tuple | list):
        return None
    examples, labels = given
    return labelled(estimator, form, examples, labels, classes, owner="validation")


def labelled(
    estimator: Any,
    form: InputForm,
    examples: Any,
    labels: Any,
    classes: NumpyArray,
    names: tuple[str, ...] = (),
    *,
    owner: str,
) -> Split:
    """Make a split of examples and labels; ShapeError if their numbers differ."""
    found = more_examples(estimator, form, examples)
    targets = class_numbers(labels, classes, names)
    if len(found) != len(targets):
        raise ShapeError(
            f"{owner} takes one label per example, got {len(found)} examples and "
            f"{len(targets)} labels. Give the same number of both."
        )
    return Split(found, targets)


def labelled_split(estimator: Any, examples: Any, labels: Any, owner: str) -> Split:
    """Make a split of more examples and labels for a fitted `estimator`."""
    check_is_fitted(estimator, "network_")
    form, names = estimator.trained_.given_form, estimator.class_names
    known = estimator.classes_
    return labelled(estimator, form, examples, labels, known, names, owner=owner)


def more_of(estimator: Any, examples: Any) -> NumpyArray:
    """Check more examples for a fitted `estimator`."""
    check_is_fitted(estimator, "network_")
    return more_examples(estimator, estimator.trained_.given_form, examples)
