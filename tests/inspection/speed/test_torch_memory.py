import sys

import pytest

from handgrad.errors import ResourceError
from handgrad.inspection.speed.torch_memory import torch_training

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs Linux's account of memory"
)


def test_torch_takes_what_a_step_needs_and_little_more():
    weights = 4 * (784 * 256 + 256 * 10)
    found = torch_training("mlp256", 256, 1)
    assert 2 * weights < found < 20 * weights  # gradients and velocities, at least


def test_a_failure_is_told_with_its_last_words():
    with pytest.raises(ResourceError, match="Measuring the memory of nothing failed"):
        torch_training("nothing", 8, 1)
