import importlib
import sys
from pathlib import Path

import pytest

from handgrad.errors import ResourceError

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
try:
    torch_training = importlib.import_module("peers.torch_memory").torch_training
finally:
    sys.path.pop(0)

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs Linux's account of memory"
)


@pytest.mark.nightly
def test_torch_takes_what_a_step_needs_and_little_more():
    weights = 4 * (784 * 256 + 256 * 10)
    found = torch_training("mlp256", 256, 1)
    assert 2 * weights < found < 20 * weights  # gradients and velocities, at least


def test_a_failure_is_told_with_its_last_words():
    with pytest.raises(ResourceError, match=r"nothing in torch failed.*no network"):
        torch_training("nothing", 8, 1)
