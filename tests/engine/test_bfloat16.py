"""The instruction set whose products are of numbers rounded to bfloat16."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from handgrad.engine import processor

ROOT = Path(__file__).parents[2]
BY_DAY = ("amx_products", "bfloat16x3")
AT_NIGHT = ("convolution_matrices", "unit_gradient")
pytestmark = pytest.mark.skipif(
    "amx" not in processor.offered(), reason="needs a matrix unit"
)


def run(*words, isa=processor.BFLOAT16):
    """The output of a process of the set."""
    done = subprocess.run(
        [sys.executable, *words],
        env={**os.environ, processor.VARIABLE: isa},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "kernels", [BY_DAY, pytest.param(AT_NIGHT, marks=pytest.mark.nightly)]
)
def test_its_products_are_exact_products_of_rounded_numbers(kernels):
    files = [f"tests/engine/kernels/test_{name}.py" for name in kernels]
    out = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *files)
    assert " passed" in out
    assert "needs a matrix unit" not in out


SCRIPT = """
import json, sys
sys.path.insert(0, "tests")
from engine.networks import NETWORKS, cpu_engine
network, workers = NETWORKS[sys.argv[1]], int(sys.argv[2])
engine = cpu_engine(network, workers=workers)
losses = [engine.train_step(network.batch(70, step), step).loss for step in (1, 2, 3)]
names = [name for name, _ in engine.model.parameters().items()]
values = [engine.model.parameters()[name].value.tobytes().hex() for name in names]
print(json.dumps([losses, values]))
"""


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["many channels", "many channels, batch norm"])
def test_a_training_is_close_and_the_same_for_any_number_of_workers(name):
    one, two, three = (json.loads(run("-c", SCRIPT, name, str(n))) for n in (1, 2, 3))
    assert one == two == three
    losses, values = json.loads(run("-c", SCRIPT, name, "1", isa="amx"))
    assert values != one[1]
    assert one[0] == pytest.approx(losses, rel=0.02)
