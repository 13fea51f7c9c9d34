"""Does the suggested learning rate train as well as the best rate of a grid?

    python benchmarks/learning_rate_finder.py --log LOG [--seeds 30] [--sets NAME ...]

For each data set, network and seed: the finder's suggestion, the test accuracy after a
training at that rate, and, once for seed 0, the accuracies at the rates of a grid. SGD
without momentum, batches of 64, the weights of the last epoch. Every result is a line
of LOG, and is not computed again; the table at the end is made of the lines. `--folder`
is the folder or zip that "folder" means, read at 32 x 32.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from handgrad import datasets
from handgrad.datasets import Dataset
from handgrad.errors import NonFiniteError
from handgrad.inspection import learning_rate_finder
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import lenet, mlp
from handgrad.optimizers import SGD
from handgrad.training import Trainer, TrainingSettings

EPOCHS = {"digits": 20, "fashion_mnist": 3, "cifar10": 3, "folder": 10}
GRID = (0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
NETWORKS = {"mlp": mlp, "lenet": lenet}


def load(name: str, places: dict[str, str]) -> Dataset:
    """A data set; the digits and the folder at the size at which networks take them."""
    sizes = {"digits": (28, 28), "folder": (32, 32)}
    return datasets.load(places.get(name, name), image_size=sizes.get(name))


def accuracy(data: Dataset, model: str, rate: float, epochs: int, seed: int) -> float:
    """Of the test images after training at this rate; 0 if it ends in NaN."""
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
    """Results by what they are of, each computed once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self.known = {tuple(one["of"]): one["value"] for one in map(json.loads, lines)}

    def get(self, of: tuple[Any, ...], compute: Any) -> Any:
        """What was computed before, or is now."""
        if of not in self.known:
            self.known[of] = compute()
            with self.path.open("a") as file:
                file.write(json.dumps({"of": of, "value": self.known[of]}) + "\n")
        return self.known[of]


def measure(log: Log, name: str, places: dict[str, str], seed: int) -> None:
    """Both networks on one data set with one seed."""
    data, epochs = load(name, places), EPOCHS[name]
    for model in NETWORKS:
        for rate in GRID if seed == 0 else ():
            log.get(
                ("grid", name, model, rate),
                lambda m=model, r=rate: accuracy(data, m, r, epochs, 0),
            )
        found = log.get(
            ("rate", name, model, seed),
            lambda m=model: (
                learning_rate_finder(
                    m, dataset=places.get(name, name), seed=seed
                ).suggestion
            ),
        )
        if found is not None:
            log.get(
                ("suggested", name, model, seed),
                lambda m=model, r=found: accuracy(data, m, r, epochs, seed),
            )


def table(log: Log) -> str:
    """A row for each data set and network, in Markdown."""
    heads = (
        "| Data | Network | Seeds | Suggested | Best of the grid | At the suggestion |"
    )
    lines = [
        f"{heads} Points below, median and most |",
        "|---|---|---|---|---|---|---|",
    ]
    grids: dict[Any, dict[float, float]] = defaultdict(dict)
    for of, value in log.known.items():
        if of[0] == "grid":
            grids[of[1:3]][of[3]] = value
    for (name, model), grid in grids.items():
        best = max(grid, key=lambda rate: grid[rate])
        of_this = [k for k in log.known if k[1:3] == (name, model)]
        rates = [log.known[k] for k in of_this if k[0] == "rate"]
        found = [log.known[k] for k in of_this if k[0] == "suggested"]
        some = [rate for rate in rates if rate is not None]
        below = [100 * (grid[best] - value) for value in found]
        if found:
            lines.append(
                f"| {name} | {model} | {len(some)} of {len(rates)} "
                f"| {min(some):.2g} to {max(some):.2g} | {grid[best]:.4f} at {best:g} "
                f"| {median(found):.4f} | {median(below):.1f}, {max(below):.1f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Read the words of the command line, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--sets", nargs="+", default=list(EPOCHS))
    parser.add_argument("--folder", default="photos")
    parser.add_argument("--cifar10", default="cifar10")
    words = parser.parse_args()
    places = {"folder": words.folder, "cifar10": words.cifar10}
    log = Log(words.log)
    for seed in range(words.seeds):
        for name in words.sets:
            measure(log, name, places, seed)
    print(table(log))


if __name__ == "__main__":
    main()
