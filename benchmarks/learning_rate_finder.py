"""Compare the suggested learning rate with the best rate of a grid.

    python benchmarks/learning_rate_finder.py --log LOG [--seeds 30] [--sets NAME ...]

For each data set, network and seed: the finder's suggestion for the training images,
and the test accuracy after training at that rate and, with the same seed, at the best
rate of a grid, selected with two seeds. SGD without momentum, batches of 64, weights of
the last epoch. Each result is a line of LOG and is not computed again; the table at the
end is made from the lines. `--folder` gives the folder or zip of the data set "folder",
read at 32 x 32.
"""

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import Any

from handgrad import datasets
from handgrad.datasets import Dataset
from handgrad.errors import NonFiniteError
from handgrad.inspection import learning_rate_finder
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import lenet, mlp
from handgrad.optimizers import SGD
from handgrad.training import Trainer, TrainingSettings

EPOCHS = {
    ("digits", "mlp"): 20,
    ("digits", "lenet"): 40,
    ("folder", "mlp"): 10,
    ("folder", "lenet"): 40,
    ("fashion_mnist", "mlp"): 3,
    ("fashion_mnist", "lenet"): 5,
    ("cifar10", "mlp"): 3,
    ("cifar10", "lenet"): 10,
}
GRID_SEEDS, MOST_SEEDS = 2, 30
GRID = (0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
SETS = ("digits", "folder", "fashion_mnist", "cifar10")
NETWORKS = {"mlp": mlp, "lenet": lenet}


def load(name: str, places: dict[str, str]) -> Dataset:
    """A data set; the digits and the folder are resized for the networks."""
    sizes = {"digits": (28, 28), "folder": (32, 32)}
    return datasets.load(places.get(name, name), image_size=sizes.get(name))


def accuracy(data: Dataset, model: str, rate: float, epochs: int, seed: int) -> float:
    """The test accuracy after training at this rate; 0 if training ends in NaN."""
    assert data.test is not None
    made: Any = NETWORKS[model]
    network = made(
        input_shape=data.image_shape, classes=len(data.class_names), seed=seed
    )
    trainer = Trainer.for_model(
        network,
        data.train,
        data.test,
        loss=SoftmaxCrossEntropy(),
        optimizer=SGD(rate),
        normalization=datasets.normalization("standard", data.train.images),
        settings=TrainingSettings(epochs=epochs, batch_size=64, seed=seed),
    )
    try:
        for _ in trainer:
            pass
        return trainer.evaluate(data.test)[1]
    except NonFiniteError:
        return 0.0


class Log:
    """A log of results by key; each result is computed once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self.known = {tuple(one["of"]): one["value"] for one in map(json.loads, lines)}

    def get(self, of: tuple[Any, ...], compute: Any) -> Any:
        """Return the logged result, or compute and log it."""
        if of not in self.known:
            self.known[of] = compute()
            with self.path.open("a") as file:
                file.write(json.dumps({"of": of, "value": self.known[of]}) + "\n")
        return self.known[of]


def measure(log: Log, name: str, places: dict[str, str], seed: int) -> None:
    """Measure both networks on one data set with one seed."""
    data = load(name, places)
    for model in NETWORKS:
        epochs = EPOCHS[name, model]

        def train(rate: float, seed: int, m: str = model, e: int = epochs) -> None:
            of = ("trained", name, m, rate, seed)
            log.get(of, lambda: accuracy(data, m, rate, e, seed))

        for rate in GRID:
            for one in range(GRID_SEEDS):
                train(rate, one)
        train(best_rate(log, name, model), seed)
        found = log.get(
            ("rate", name, model, seed),
            lambda m=model: (
                learning_rate_finder(
                    m, data.train.images, data.train.targets, seed=seed
                ).suggestion
            ),
        )
        if found is not None:
            train(found, seed)


def best_rate(log: Log, name: str, model: str) -> float:
    """The rate of the grid with the highest accuracy over its seeds."""
    return max(
        GRID,
        key=lambda rate: sum(
            log.known["trained", name, model, rate, seed] for seed in range(GRID_SEEDS)
        ),
    )


def table(log: Log) -> str:
    """A Markdown table with one row per data set and network."""
    lines = [
        "| Data | Network | Epochs | Suggestions | Suggested rates | Best grid rate "
        "| Accuracy, grid | Accuracy, suggested | Mean gap, points | Largest gap |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, model in EPOCHS:
        rates = [log.known.get(("rate", name, model, s), -1) for s in range(MOST_SEEDS)]
        seeds = [s for s, rate in enumerate(rates) if rate not in (None, -1)]
        if not seeds:
            continue
        some, top = [rates[s] for s in seeds], best_rate(log, name, model)
        best = [log.known["trained", name, model, top, s] for s in seeds]
        found = [log.known["trained", name, model, rates[s], s] for s in seeds]
        below = [100 * (b - f) for b, f in zip(best, found, strict=True)]
        lines.append(
            f"| {name} | {model} | {EPOCHS[name, model]} "
            f"| {len(seeds)} of {sum(rate != -1 for rate in rates)} "
            f"| {min(some):.2g} to {max(some):.2g} | {top:g} "
            f"| {100 * mean(best):.1f} % | {100 * mean(found):.1f} % "
            f"| {mean(below):.1f} | {max(below):.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Parse the arguments, run the measurements and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--folder", default="photos")
    parser.add_argument("--cifar10", default="cifar10")
    arguments = parser.parse_args()
    places = {"folder": arguments.folder, "cifar10": arguments.cifar10}
    log = Log(arguments.log)
    for seed in range(arguments.seeds):
        for name in arguments.sets:
            measure(log, name, places, seed)
    print(table(log))


if __name__ == "__main__":
    main()
