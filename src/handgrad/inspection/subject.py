"""The subject of an inspection: a network, and what is known about its inputs.

The only inspection module that knows the structure of classifiers and runs.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets import Normalization
from handgrad.datasets.array_input import (
    InputForm,
    as_examples,
    to_array,
    with_count,
)
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import Sequential
from handgrad.losses import Loss, SoftmaxCrossEntropy
from handgrad.ranges import shown

if TYPE_CHECKING:
    from handgrad.training.config import RunConfig

NAMED = 12  # classes listed in an error


@dataclass(frozen=True)
class Subject:
    """A network and its loss; for a classifier also its normalization and class names.

    For a bare `Sequential` the last seven fields are unknown: images are used as the
    network's inputs, labels as class numbers.

    Shapes
        names        (classes,), in the order of the network's outputs
        classes      (classes,), the labels that the estimator was fitted on
        input_shape  shape of one example
    """

    name: str
    network: Sequential
    loss: Loss[Any]
    input_shape: Shape | None = None
    normalization: Normalization | None = None
    names: tuple[str, ...] | None = None
    classes: NumpyArray | None = None
    config: "RunConfig | None" = None
    classifier: Any = None
    form: InputForm | None = None

    def class_names(self, example: Shape) -> tuple[str, ...]:
        """The names of the classes; numbers from 0 for a bare network.

        Empty if the network's outputs are not vectors.
        """
        if self.names is not None:
            return self.names
        outputs = self.network.output_shape(example)
        return tuple(map(str, range(outputs[0]))) if len(outputs) == 1 else ()

    def batch(self, images: Any, *, prefer_one: bool = False) -> NumpyArray:
        """Images with a batch axis and, for grey images, a channel axis.

        `prefer_one` decides if the network takes the array both as one example and as
        a batch.
        """
        array = to_array(images)
        if array.ndim and not len(array):
            raise ShapeError(
                f"{self.name} takes at least one image, got none. Give an image."
            )
        if self.form is not None:
            return as_examples(with_count(array, self.form), self.form)
        for shape in self._example_shapes(array, prefer_one=prefer_one):
            if array.size and self._takes(shape):
                return array.reshape(-1, *shape)
        wanted = self.input_shape or "that fits the network"
        raise ShapeError(
            f"{self.name} takes images of shape {wanted}, one or several, got "
            f"{array.shape}. Resize them, or give others."
        )

    def logits(self, images: NumpyArray) -> NumpyArray:
        """Logits (count, classes) of a batch of images."""
        if self.classifier is not None:
            found: NumpyArray = self.classifier.logits(images)
            return found
        logits: NumpyArray = self.network.forward(
            as_inputs(images, self.normalization)
        )[0]
        return logits

    def targets(self, labels: Any, names: Sequence[str]) -> NumpyArray:
        """Class numbers (count,), int64, of labels given as names or numbers.

        Whole numbers are class numbers, of any type, unless the classifier was fitted
        on numeric labels: then they are those labels.
        """
        array = np.atleast_1d(to_array(labels))
        numbers = self._numbers(array, names)
        given = array.reshape(-1).tolist()
        unknown = [x for x in given if not isinstance(x, Hashable) or x not in numbers]
        if unknown:
            known = ", ".join(map(shown, list(numbers)[:NAMED]))
            raise ConfigError(
                f"{self.name} has the classes {known}, got the label "
                f"{shown(unknown[0])}. Give labels of these classes."
            )
        return np.array([numbers[label] for label in given], dtype=np.int64)

    def _numbers(self, labels: NumpyArray, names: Sequence[str]) -> dict[Any, int]:
        """The class number of each known label."""
        known: Sequence[Any] = names
        if self.classes is not None and self.classes.dtype.kind in "biuf":
            known = self.classes.tolist()
        elif all(map(_is_number, labels.reshape(-1).tolist())):
            known = range(len(names))  # 1.0 is found as 1
        return {label: number for number, label in enumerate(known)}

    def _example_shapes(self, array: NumpyArray, *, prefer_one: bool) -> list[Shape]:
        """The shapes that one example of this array can have, preferred first."""
        shape: Shape = tuple(array.shape)
        ways = [shape[1:], shape][:: -1 if prefer_one else 1]
        if self.input_shape is None or self.input_shape[0] != 1:
            return ways
        return [*ways, *((1, *way) for way in ways)]

    def _takes(self, shape: Shape) -> bool:
        if self.input_shape is not None:
            return shape == self.input_shape
        try:
            self.network.output_shape(shape)
        except ShapeError:
            return False
        return bool(shape)


def _is_number(label: Any) -> bool:
    """Whether a label is a number; truth values are none."""
    return isinstance(label, Real) and not isinstance(label, bool)


def as_inputs(images: NumpyArray, normalization: Normalization | None) -> NumpyArray:
    """A batch of images as a network takes them: normalised, in float64."""
    if normalization is not None:
        images = normalization.apply(images)
    return np.asarray(images, dtype=np.float64)


def subject_of(given: Any) -> Subject:
    """A fitted classifier, the path of a run, or a bare `Sequential` as a subject."""
    if isinstance(given, Subject):
        return given
    if isinstance(given, Sequential):
        return Subject("The network", given, SoftmaxCrossEntropy())
    if isinstance(given, str | Path):
        from handgrad.training.trained_network import load

        return _of_classifier(load(given), str(given))
    return _of_classifier(given, "The classifier")


def _of_classifier(classifier: Any, name: str) -> Subject:
    """The subject of a `handgrad.Classifier` or of the `TrainedNetwork` it holds."""
    trained = getattr(classifier, "trained_", classifier)
    if not isinstance(getattr(trained, "model", None), Sequential):
        raise ConfigError(
            "An inspection takes a fitted classifier, the path of a run or a "
            f"Sequential, got {type(classifier).__name__}. Call fit first."
        )
    kind = trained.config.resolved.label_type
    is_of_arrays = trained is not classifier  # in the layout that the user gave
    return Subject(
        name=name,
        network=trained.model,
        loss=trained.loss,
        input_shape=tuple(trained.input_shape),
        normalization=trained.normalization,
        names=tuple(trained.class_names),
        classes=trained.labels if kind else None,
        config=trained.config,
        classifier=trained,
        form=trained.given_form if is_of_arrays else trained.form,
    )
