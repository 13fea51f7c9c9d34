"""All figures of a finished run, written to its folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape, to_numpy
from handgrad.datasets.dataset import Split
from handgrad.parameter import Parameter
from handgrad.training.run import Run


def draw_run(run: Run) -> list[Path]:
    """Draw curves, first-layer weights, confusion matrix and worst mistakes of a run.

    Predictions are made on the test images, else on the validation images.
    """
    folder = run.folder.figures
    resolved = run.config.resolved
    assert resolved is not None
    names = resolved.class_names
    best_epoch = run.trainer.position.best_epoch
    written = draw_curves(folder, run.folder.records(), best_epoch)
    if len(resolved.input_shape) == 3:
        written += draw_weights(
            folder, run.parts.model.parameters(), resolved.input_shape, names
        )
    test, validation = run.parts.dataset.test, run.parts.validation
    what, split = ("test", test) if test is not None else ("validation", validation)
    if split is not None:
        logits = run.trainer.logits(split.images)
        are_probabilities = run.trainer.loss.gives_probabilities
        written += draw_answers(
            folder, split, logits, names, what, are_probabilities=are_probabilities
        )
    return written


def draw_curves(
    folder: Path, records: Sequence[Mapping[str, Any]], best_epoch: int
) -> list[Path]:
    """Draw loss and accuracy from the records of metrics.jsonl."""
    from handgrad.inspection import figures

    epochs = [record for record in records if record["kind"] == "epoch"]
    if not epochs:
        return []
    loss, accuracy = figures.metric_curves(epochs)
    figure = figures.curves(loss, accuracy, best_epoch=best_epoch or None)
    return figures.save(
        figure, folder / "curves", formats=("png", "svg"), root=folder.parent
    )


def draw_weights(
    folder: Path,
    parameters: Mapping[str, Parameter],
    image_shape: Shape,
    class_names: Sequence[str],
) -> list[Path]:
    """Draw the weights of the first layer, if it is applied to the image itself."""
    from handgrad.inspection import figures

    weights = [to_numpy(p.value) for p in parameters.values() if p.value.ndim > 1]
    if not weights or not sees_image(weights[0], image_shape):
        return []
    units_are_classes = len(weights) == 1 and len(weights[0]) == len(class_names)
    names = class_names if units_are_classes else ()
    figure = figures.first_layer_weights(weights[0], image_shape, names=names)
    return figures.save(figure, folder / "first_layer_weights", root=folder.parent)


def sees_image(weight: NumpyArray, image_shape: Shape) -> bool:
    """Whether weights of this shape can be drawn as images."""
    if weight.ndim == 4:
        return bool(weight.shape[1] == image_shape[0] and weight.shape[2] > 1)
    return bool(weight.ndim == 2 and weight.shape[1] == np.prod(image_shape))


def draw_answers(
    folder: Path,
    split: Split,
    logits: NumpyArray,
    class_names: Sequence[str],
    what: str,
    *,
    are_probabilities: bool = True,
) -> list[Path]:
    """Draw the confusion matrix and, of images, the worst mistakes on one split.

    `are_probabilities` says whether the softmax of the logits gives probabilities.
    """
    from handgrad.inspection import figures

    predictions = logits.argmax(axis=1)
    figure = figures.confusion_of_answers(
        split.targets, predictions, class_names, what=what
    )
    written = figures.save(figure, folder / "confusion_matrix", root=folder.parent)
    if split.images.ndim != 4:
        return written
    scores = logits.astype(np.float64)  # in place: there may be many classes
    if are_probabilities:
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
    figure = figures.mistakes(
        split.images,
        split.targets,
        scores,
        class_names,
        what=what,
        are_probabilities=are_probabilities,
    )
    worst = figures.save(figure, folder / "worst_mistakes", root=folder.parent)
    return written + worst
