"""Memory of training: predicted from the program's plan, and measured.

Run as a script, this module measures in a separate process:
    python -m handgrad.inspection.speed.memory_report lenet_relu_max 256 2 60000
"""

import ctypes
import gc
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.engine.cpu import CpuEngine
from handgrad.engine.engine import Batch
from handgrad.engine.workers import available_cores
from handgrad.errors import ResourceError
from handgrad.inspection.speed.networks import CLASSES, Network, network
from handgrad.inspection.speed.operation_times import random_batches
from handgrad.inspection.speed.race import make_engine

STEPS = 3
STATUS = Path("/proc/self/status")
KIBIBYTE = 1024


@dataclass(frozen=True)
class MemoryReport:
    """Memory of one training run, in bytes.

    Units
        baseline  measured: the interpreter, the libraries and the compiled kernels
        images    the uint8 images and their targets
        roles     bytes of the program's plan, by role
        building  measured peak before the first step: images and parameters created
        measured  measured peak from the first to the last step
    """

    baseline: int
    images: int
    roles: dict[str, int]
    building: int
    measured: int

    @property
    def predicted(self) -> int:
        """The memory of the process as predicted from the plan."""
        return self.baseline + self.images + sum(self.roles.values())

    @property
    def peak(self) -> int:
        """The measured peak of the whole run."""
        return max(self.building, self.measured)

    @property
    def training(self) -> int:
        """The memory of training, without libraries and images."""
        return self.measured - self.baseline - self.images

    @property
    def error(self) -> float:
        """The relative error of the prediction, above the baseline.

        Equations
            error = (predicted - baseline) / (peak - baseline) - 1
        """
        return (self.predicted - self.baseline) / (self.peak - self.baseline) - 1


def memory_report(
    name: str, *, batch_size: int = 256, workers: int | None = None, images: int
) -> MemoryReport:
    """Train one of `networks` for a few steps in a new process and measure memory."""
    words = [name, batch_size, workers or available_cores(), images]
    return MemoryReport(**json.loads(in_new_process(__spec__.name, words)))


def in_new_process(module: str, words: Sequence[Any]) -> str:
    """Run a measuring module in a new process; return the last line of its output."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no error message"])[-1]
        raise ResourceError(
            f"Measuring the memory of {words[0]} failed: {last}. "
            "Try a smaller batch or fewer images."
        )
    return done.stdout.splitlines()[-1]


def measure(
    chosen: Network, batch_size: int, workers: int, images: int
) -> MemoryReport:
    """Measure in this process; memory allocated before counts as the baseline."""
    _train(*_build(chosen, batch_size, workers, images=batch_size))  # loads kernels
    forget()
    baseline = resident()
    engine, batches = _build(chosen, batch_size, workers, images)
    building = peak()
    forget()
    _train(engine, batches)
    data = batches[0].images.nbytes + batches[0].targets.nbytes
    roles = engine.planned_bytes(batch_size).roles
    return MemoryReport(baseline, data, roles, building, peak())


def _build(
    chosen: Network, batch_size: int, workers: int, images: int
) -> tuple[CpuEngine, list[Batch]]:
    """An engine, and a few batches of random images."""
    rng = np.random.default_rng(0)
    shape = (images, *chosen.image_shape)
    pictures = rng.integers(0, 256, shape, dtype=np.uint8)
    targets = rng.integers(0, CLASSES, images)
    batches = random_batches(pictures, targets, batch_size, STEPS)
    return make_engine(chosen, batch_size, workers), batches


def _train(engine: CpuEngine, batches: list[Batch]) -> None:
    for step, batch in enumerate(batches, 1):
        engine.train_step(batch, step)


def forget() -> None:
    """Return freed memory to the system, and reset the peak."""
    gc.collect()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def resident() -> int:
    """The resident memory of this process, in bytes."""
    return _status("VmRSS")


def peak() -> int:
    """The peak resident memory of this process since `forget`, in bytes."""
    return _status("VmHWM")


def _status(name: str) -> int:
    """One entry of /proc/self/status, in bytes."""
    if not STATUS.exists():
        raise ResourceError(
            f"Measuring memory needs {STATUS}, which this system does not have. "
            "Measure memory on Linux."
        )
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * KIBIBYTE
    raise ResourceError(f"{STATUS} has no line {name}. Measure memory on Linux.")


def _main(words: list[str]) -> None:
    numbers: list[Any] = [int(word) for word in words[1:]]
    print(json.dumps(asdict(measure(network(words[0]), *numbers))))


if __name__ == "__main__":
    _main(sys.argv[1:])
