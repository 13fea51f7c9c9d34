"""Compare the fit time and accuracy of Classifier and scikit-learn's MLPClassifier.

    python benchmarks/classifier_and_sklearn.py [--epochs 10] [--seeds 3] [--images N]
        [--floats] [--json FILE]

Both train the same perceptron (784-256-10, ReLU, Adam with learning rate 0.001, batches
of 200) on Fashion-MNIST for the same number of epochs. Runs are interleaved: one fit of
Handgrad and one of scikit-learn per seed. scikit-learn gets pixels from 0 to 1, as is
usual; Handgrad gets bytes, or with --floats the same pixels from 0 to 1. A short
warm-up fit of each excludes compilation and loading from the timings.
"""

import argparse
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import handgrad as hg
from handgrad.inspection.speed.race_report import machine

BATCH = 200


def ours(seed: int, epochs: int) -> Any:
    """Handgrad's classifier with the settings of scikit-learn."""
    return hg.Classifier(
        "mlp",
        model_options={"hidden_sizes": [256], "initializer": "glorot_uniform"},
        epochs=epochs,
        batch_size=BATCH,
        optimizer="adam",
        learning_rate=0.001,
        l2=1e-4 / BATCH,  # scikit-learn divides its alpha by the size of the batch
        random_state=seed,
    )


def theirs(seed: int, epochs: int) -> Any:
    """scikit-learn's classifier, without early stopping."""
    return MLPClassifier(
        [256], batch_size=BATCH, max_iter=epochs, tol=0, n_iter_no_change=epochs,
        random_state=seed,
    )  # fmt: skip


def timed_fit(classifier: Any, examples: Any, labels: Any) -> float:
    """The seconds of one fit."""
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(examples, labels)
    return perf_counter() - start


def main() -> None:
    """Run interleaved fits and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int)
    parser.add_argument("--floats", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    dataset = hg.datasets.load("fashion_mnist")
    few = slice(arguments.images)
    labels, test_labels = dataset.train.targets[few], dataset.test.targets
    raw = [s.images.reshape(len(s), -1) for s in (dataset.train, dataset.test)]
    bytes_ = (raw[0][few], raw[1])
    pixels = tuple((part / 255).astype(np.float32) for part in bytes_)
    inputs = {"handgrad": pixels if arguments.floats else bytes_, "sklearn": pixels}
    makers: dict[str, Callable[[int, int], Any]] = {"handgrad": ours, "sklearn": theirs}
    for name, make in makers.items():
        timed_fit(make(0, 1), inputs[name][0][:1000], labels[:1000])
    seconds: dict[str, list[float]] = {name: [] for name in makers}
    accuracy: dict[str, list[float]] = {name: [] for name in makers}
    print(machine(), flush=True)
    print("| seed | classifier | fit, s | test accuracy |\n|---|---|---|---|")
    for seed in range(arguments.seeds):
        for name, make in makers.items():
            classifier = make(seed, arguments.epochs)
            seconds[name].append(timed_fit(classifier, inputs[name][0], labels))
            accuracy[name].append(classifier.score(inputs[name][1], test_labels))
            row = f"{seconds[name][-1]:.2f} | {accuracy[name][-1]:.4f} |"
            print(f"| {seed} | {name} | {row}", flush=True)
    ratios = [b / a for a, b in zip(*seconds.values(), strict=True)]
    print(
        f"\nsklearn / handgrad: {median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}); mean accuracy "
        + ", ".join(f"{name} {mean(values):.4f}" for name, values in accuracy.items())
    )
    if arguments.json:
        found = {"seconds": seconds, "accuracy": accuracy, "ratios": ratios}
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
