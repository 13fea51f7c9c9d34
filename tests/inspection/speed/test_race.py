from dataclasses import replace

import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError, HandgradError
from handgrad.inspection.speed import race as module
from handgrad.inspection.speed.networks import network, pictures
from handgrad.inspection.speed.race import (
    OURS,
    Agreement,
    bound,
    compare,
    longest_sum,
    race,
    refuse_difference,
)

TINY = network("mlp", {"hidden_sizes": [16]})


@pytest.fixture(autouse=True)
def undisturbed(monkeypatch):
    """Restore the number of threads, and leave the allocator of this process alone."""
    monkeypatch.setattr(module, "keep_memory", lambda: False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_race_reports_all_values():
    found = race(TINY, batch_size=64, workers=2, laps=3, images=256, lap_seconds=0.01)
    assert found.workers == 2
    assert set(found.laps.seconds) == {OURS, "torch"}
    assert all(len(times) == 3 for times in found.laps.seconds.values())
    ratio = found.laps.ratio("torch", OURS)
    assert 0 < ratio.low <= ratio.median <= ratio.high
    assert found.threads["torch"] >= 1
    assert len(found.agreements["torch"].ours) == 5
    assert found.agreements["torch"].holds


@pytest.mark.parametrize("name", ["softmax", "mlp256", "lenet_relu_max"])
def test_the_first_losses_agree(name):
    data = pictures((1, 28, 28), 200)
    found = compare(network(name), "torch", data, 64, 2)
    assert found.holds
    assert len(set(found.ours)) == 5  # the parameters changed


def test_another_network_does_not_agree():
    data = pictures((1, 28, 28), 200)
    right = compare(TINY, "torch", data, 64, 1)
    other = replace(TINY, optimizer_options={"learning_rate": 0.101})
    wrong = compare(other, "torch", data, 64, 1)
    mixed = Agreement(wrong.ours, right.theirs, right.exact, right.rounding)
    assert not mixed.holds
    with pytest.raises(HandgradError, match="do not agree on tiny"):
        refuse_difference("tiny", "torch", mixed)


def test_nan_is_no_agreement():
    nan = [1.0, float("nan")]
    assert not Agreement(nan, nan, nan, 1.0).holds
    assert not Agreement(nan, [1.0, 1.0], [1.0, 1.0], 1.0).holds


def test_the_bound_follows_torchs_own_errors_if_they_grow():
    exact = [2.0, 4.0, 8.0]
    theirs = [2.0, 4.001, 8.08]  # off by 1 %
    assert Agreement([2.0, 4.0, 8.3], theirs, exact, 1e-6).holds
    assert not Agreement([2.0, 4.0, 8.4], theirs, exact, 1e-6).holds
    assert not Agreement([2.0001, 4.0, 8.0], theirs, exact, 1e-6).holds  # the first


def test_the_bound_grows_with_the_longest_sum():
    assert longest_sum(network("mlp_cifar")) == 3072
    assert longest_sum(network("lenet")) == 784  # output pixels of the first layer
    eps = float(np.finfo(np.float32).eps)
    assert bound(network("softmax"), 256) == pytest.approx(4 * eps * 28 * 5)


def test_without_torch_the_extra_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "handgrad.inspection.speed.torch_peer", None)
    with pytest.raises(ConfigError, match=r"pip install 'handgrad\[torch\]'"):
        compare(TINY, "torch", pictures((1, 28, 28), 64), 64, 1)
