"""Measure the time of a new process until its first training step or prediction.

    python benchmarks/first_step.py [NETWORK ...]

Each time is that of a new process, including imports: cold with an empty cache of
compiled code, warm with the cache of the cold run (the fastest of 5 runs).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from time import perf_counter

from handgrad import catalog
from handgrad.inspection.speed.networks import NETWORKS, network
from handgrad.inspection.speed.race_report import machine

MAKE = """
import json, sys
import numpy as np
from handgrad import catalog
from handgrad.datasets.normalization import half
n = json.loads(sys.argv[1])
shape = tuple(n["image_shape"])
model = catalog.build(
    "model", n["model"], n["options"], input_shape=shape, classes=10, seed=0
)
"""
TRAIN = """
from handgrad.engine.cpu import CpuEngine
from handgrad.engine.engine import Batch
from handgrad.losses import SoftmaxCrossEntropy
rule = catalog.build("optimizer", n["optimizer"], {}, **n["optimizer_options"])
rows = np.arange(256)
batch = Batch(np.zeros((256, *shape), np.uint8), rows % 10, rows, rows)
loss, values = SoftmaxCrossEntropy(), half(shape[0])
CpuEngine(model, loss, rule, values, input_shape=shape).train_step(batch, 1)
"""
PREDICT = """
from handgrad.engine.prediction import predictor
predictor(model, shape, half(shape[0])).logits(np.zeros((1, *shape), np.uint8))
"""
QUESTIONS = {"first training step": MAKE + TRAIN, "first prediction": MAKE + PREDICT}
PROGRAM = "from handgrad.cli.main import run; run(['--help'])"
STARTS = {
    "python": "pass",
    "import numpy": "import numpy",
    "import numba": "import numba",
    "import handgrad": "import handgrad",
    "handgrad --help": PROGRAM,
}
REPEATS = 5


def names() -> list[str]:
    """The benchmark networks, and all other networks of the catalogue."""
    quoted = {each.model for each in NETWORKS.values()} | {"from_layers"}
    return [*NETWORKS, *(name for name in catalog.MODELS if name not in quoted)]


def seconds(code: str, *arguments: str, cache: str | None = None) -> float:
    """The seconds of a new process from start to exit."""
    environment = dict(os.environ)
    if cache is not None:
        environment["HANDGRAD_CACHE"] = cache
    start = perf_counter()
    subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return perf_counter() - start


def cold_and_warm(code: str, name: str) -> tuple[float, float]:
    """Seconds with an empty cache, and the minimum of the runs after it."""
    chosen = json.dumps(asdict(network(name)))
    with tempfile.TemporaryDirectory() as cache:
        cold = seconds(code, chosen, cache=cache)
        return cold, min(seconds(code, chosen, cache=cache) for _ in range(REPEATS))


def main() -> None:
    """Print a table of start-up times and a table of networks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=names())
    arguments = parser.parse_args()
    print(machine())
    print("\n| Start | seconds |\n|---|---|")
    for name, code in STARTS.items():
        best = min(seconds(code) for _ in range(REPEATS))
        print(f"| {name} | {best:.3f} |", flush=True)
    columns = [
        f"{question}, {state}" for question in QUESTIONS for state in ("cold", "warm")
    ]
    print(f"\n| Seconds until | {' | '.join(columns)} |\n|---|---|---|---|---|")
    for name in arguments.networks:
        times = [t for code in QUESTIONS.values() for t in cold_and_warm(code, name)]
        print(f"| {name} | {' | '.join(f'{t:.2f}' for t in times)} |", flush=True)


if __name__ == "__main__":
    main()
