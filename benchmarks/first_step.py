"""How long until the first step is done, and how long do imports take?

    python benchmarks/first_step.py [NETWORK ...]

Each time is that of a new process: cold with an empty cache of machine code, warm with
the cache that the cold one left. Imports are the fastest of a few.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from time import perf_counter

from handgrad.inspection.speed.networks import NETWORKS
from handgrad.inspection.speed.race_report import machine

FIRST_STEP = """
import sys
from handgrad.inspection.speed.networks import network, pictures
from handgrad.inspection.speed.operation_times import random_batches
from handgrad.inspection.speed.race import make_engine
chosen = network(sys.argv[1])
data = pictures(chosen.image_shape, 256)
make_engine(chosen, 256).train_step(random_batches(*data, 256, 1)[0], 1)
"""
PROGRAM = "from handgrad.cli.main import run; run(['--help'])"
STARTS = {
    "python": "pass",
    "import numpy": "import numpy",
    "import handgrad": "import handgrad",
    "handgrad --help": PROGRAM,
}
REPEATS = 5


def seconds(code: str, *words: str, cache: str | None = None) -> float:
    """How long a new process takes from start to end."""
    environment = dict(os.environ)
    if cache is not None:
        environment["HANDGRAD_CACHE"] = cache
    start = perf_counter()
    subprocess.run(
        [sys.executable, "-c", code, *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return perf_counter() - start


def main() -> None:
    """Starts first, then networks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    words = parser.parse_args()
    print(machine())
    print("\n| Start | seconds |\n|---|---|")
    for name, code in STARTS.items():
        best = min(seconds(code) for _ in range(REPEATS))
        print(f"| {name} | {best:.3f} |", flush=True)
    print("\n| First step of | cold, seconds | warm |\n|---|---|---|")
    for name in words.networks:
        with tempfile.TemporaryDirectory() as cache:
            cold = seconds(FIRST_STEP, name, cache=cache)
            warm = min(seconds(FIRST_STEP, name, cache=cache) for _ in range(3))
        print(f"| {name} | {cold:.2f} | {warm:.2f} |", flush=True)


if __name__ == "__main__":
    main()
