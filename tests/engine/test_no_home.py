"""Users without a place of their own: containers, services, read-only systems."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os
ENGINE = "cpu"
import numpy as np
from handgrad.engine.choose import make_engine
from handgrad.datasets.normalization import unit
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import softmax_regression
from handgrad.optimizers import SGD

def predict(dtype):
    model = softmax_regression(input_shape=(1, 3, 4), classes=5)
    parts = (model, SoftmaxCrossEntropy(), SGD(0.1), unit(1))
    engine = make_engine(ENGINE, *parts, input_shape=(1, 3, 4), input_dtype=dtype)
    return engine.logits(np.ones((2, 1, 3, 4), dtype)).shape

if "USER_NUMBER" in os.environ:
    predict("float32")  # imports all that compiling needs; the new user may not
    del os.environ["HANDGRAD_CACHE"]
    os.setuid(int(os.environ["USER_NUMBER"]))
print(predict("uint8"))
"""
HOMES = {"the root": {"HOME": "/"}, "none": {}}
TRIED = ["none", pytest.param("the root", marks=pytest.mark.nightly)]


def run(environment, program=PROGRAM):
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=kept | environment,
    )


@pytest.mark.parametrize("where", TRIED)
@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="root becomes one")
def test_a_user_without_a_home_predicts(where, tmp_path):
    """As in a container started with a user's number: nothing can be kept."""
    done = run(
        {**HOMES[where], "USER_NUMBER": "12345", "HANDGRAD_CACHE": str(tmp_path)}
    )
    assert (done.stderr, done.stdout) == ("", "(2, 5)\n")


def test_without_compilation_there_is_one_sentence_and_the_plain_engine():
    done = run({"NUMBA_DISABLE_JIT": "1"})
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("handgrad.errors.ConfigError: NUMBA_DISABLE_JIT is set")
    assert 'engine="plain"' in last
    done = run({"NUMBA_DISABLE_JIT": "1"}, PROGRAM.replace("cpu", "plain"))
    assert (done.stderr, done.stdout) == ("", "(2, 5)\n")
