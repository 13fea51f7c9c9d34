"""Memory of the same training in torch, measured in a separate process.

Run as a script, this module measures in its own process:
    python benchmarks/peers/torch_memory.py lenet_relu_max 256 2
"""

import subprocess
import sys
from typing import Any

import numpy as np

from handgrad.errors import ResourceError
from handgrad.inspection.speed.memory_report import STEPS, forget, peak
from handgrad.inspection.speed.memory_report import resident as resident_bytes
from handgrad.inspection.speed.networks import Network, network, pictures
from handgrad.inspection.speed.race import PEERS, torch_peer

FEW = 2  # images of the warm-up steps that load torch's libraries


def torch_training(name: str, batch_size: int, workers: int) -> int:
    """Peak bytes of a few eager steps, without libraries and images."""
    words = [__file__, name, str(batch_size), str(workers)]
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no error message"])[-1]
        raise ResourceError(f"Measuring the memory of {name} in torch failed: {last}")
    return int(done.stdout.splitlines()[-1])


def measure_torch(chosen: Network, batch_size: int, threads: int) -> int:
    """Measure in this process; memory allocated before does not count."""
    import torch

    torch.set_num_threads(threads)
    _train(_peer(chosen, FEW), FEW)
    forget()
    before = resident_bytes()
    made = _peer(chosen, STEPS * batch_size)
    forget()
    _train(made, batch_size)
    return peak() - before - int(made.images.nbytes + made.targets.nbytes)


def _peer(chosen: Network, images: int) -> Any:
    return torch_peer(chosen, PEERS[0], pictures(chosen.image_shape, images))


def _train(made: Any, batch_size: int) -> None:
    order = np.random.default_rng(0).permutation(len(made.images))
    for first in range(0, len(order), batch_size):
        made.step(order[first : first + batch_size])


if __name__ == "__main__":
    print(measure_torch(network(sys.argv[1]), *map(int, sys.argv[2:])))
