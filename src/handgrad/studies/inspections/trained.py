"""Train a network, and inspect its mistakes and first-layer weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets import Split
from handgrad.errors import ConfigError
from handgrad.inspection.filters import Filters
from handgrad.inspection.filters import filters as first_filters
from handgrad.inspection.mistakes import worst_mistakes
from handgrad.metrics import Evaluation
from handgrad.studies.inspections.output_folder import Place
from handgrad.studies.trial_runs import run_of
from handgrad.training.build import build_model
from handgrad.training.run import Run
from handgrad.training.trained_network import TrainedNetwork, load


def trained_network(
    *, config: Mapping[str, Any], seed: int, place: Place
) -> dict[str, float]:
    """Train as configured by `config`; inspect mistakes and first-layer weights.

    The network is that of the last epoch, saved and loaded again; mistakes are those on
    the test images.

    Units
        mistakes_N       misclassified test images of class N
        confused_*       the most frequent confusion: true class, prediction, count
        always_blank     fraction of pixels that are 0 in every training image
        moved_*          root mean square change of the weights since initialization,
                         of blank pixels and of the others
    """
    with place.run_folder() as folder:
        run = run_of(
            {**config, "seed": seed},
            folder,
            workers=place.workers,
            data_dir=place.data_dir,
        )
        for _ in run:
            pass
        classifier = load(folder, "last", workers=place.workers)
        place.dataset_sha256 = run.parts.dataset.checksum
        return {**mistakes(run, classifier, place), **weights(run, classifier, place)}


def mistakes(run: Run, classifier: TrainedNetwork, place: Place) -> dict[str, float]:
    """Evaluate the network on the test images, class by class."""
    test = run.parts.dataset.test
    if test is None:
        raise ConfigError(
            f"{run.parts.dataset.name} has no test images to evaluate. "
            "Use a data set with test images."
        )
    found = classifier.evaluate(test)
    _draw_mistakes(classifier, test, found, place)
    per_class = found.mistakes_per_class.tolist()
    measured = {
        "test_accuracy": found.accuracy,
        "mistakes": sum(per_class),
        **{f"mistakes_{number}": count for number, count in enumerate(per_class)},
    }
    for true, answer, count in found.most_confused(1):
        measured |= {
            "confused_true": true,
            "confused_answer": answer,
            "confused_count": count,
        }
    return measured


def _draw_mistakes(
    classifier: TrainedNetwork, test: Split, found: Evaluation, place: Place
) -> None:
    names = classifier.class_names
    scores = classifier.scores(test.images)
    sure = "probability" if classifier.gives_probabilities else "score"

    def matrix() -> Any:
        from handgrad.inspection.figures import confusion_matrix

        return confusion_matrix(found.confusion, names, what="test")

    def gallery() -> Any:
        from handgrad.inspection import figures

        return figures.mistakes(
            test.images,
            test.targets,
            scores,
            names,
            what="test",
            are_probabilities=classifier.gives_probabilities,
        )

    counts = [
        {"true": names[true], "answer": names[answer], "images": int(count)}
        for (true, answer), count in np.ndenumerate(found.confusion)
    ]
    worst = [
        {
            "image": mistake.row,
            "true": names[mistake.target],
            "answer": names[mistake.prediction],
            sure: mistake.probability,
        }
        for mistake in worst_mistakes(scores, test.targets)
    ]
    place.draw("confusion_matrix", matrix, counts)
    place.draw("worst_mistakes", gallery, worst, kind="png")


def weights(run: Run, classifier: TrainedNetwork, place: Place) -> dict[str, float]:
    """Measure the first layer's weights, and their change since initialization."""
    images = run.parts.train.images
    last = first_filters(classifier.model, classifier.input_shape)
    first = first_filters(build_model(classifier.config), classifier.input_shape)
    _draw_weights(last, classifier, place)
    measured = {"units": len(last.norms), "mean_norm": float(last.norms.mean())}
    if last.weight.ndim != 2:  # a convolution: its weights belong to no fixed pixel
        return measured
    is_blank = (images == 0).all(axis=0)
    moved = last.pictures.astype(np.float64) - first.pictures
    return measured | {
        "always_blank": float(is_blank.mean()),
        "moved_blank": _root_mean_square(moved[:, is_blank]),
        "moved_others": _root_mean_square(moved[:, ~is_blank]),
    }


def _draw_weights(found: Filters, classifier: TrainedNetwork, place: Place) -> None:
    def draw() -> Any:
        from handgrad.inspection.figures import filters as drawing

        return drawing.filters(found, class_names=classifier.class_names)

    rows = [
        {
            "unit": unit,
            "norm": float(norm),
            "smallest": float(picture.min()),
            "largest": float(picture.max()),
        }
        for unit, (norm, picture) in enumerate(
            zip(found.norms, found.pictures, strict=True)
        )
    ]
    place.draw("first_layer_weights", draw, rows, kind="png")


def _root_mean_square(values: NumpyArray) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0
