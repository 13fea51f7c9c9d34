import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from handgrad.errors import HandgradError
from handgrad.inspection.speed.networks import network
from handgrad.inspection.speed.race import OURS

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
try:
    module = importlib.import_module("peers.prediction")
finally:
    sys.path.pop(0)

TINY = network("mlp", {"hidden_sizes": [16]})
SHORT = {"images": 300, "workers": 2, "laps": 2, "batch_sizes": (100,)}


@pytest.fixture(autouse=True)
def undisturbed(monkeypatch):
    monkeypatch.setattr(module, "keep_memory", lambda: False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_logits_match_and_both_are_timed():
    found = module.race_prediction(TINY, **SHORT, lap_seconds=0.01)
    assert found.worst <= found.bound < 1e-4
    assert all(text.endswith("threads, batch 100") for text in found.settings.values())
    for name in (OURS, module.TORCH, module.BYTES):
        assert found.images_per_second(name) > 0


def test_different_logits_are_refused(monkeypatch):
    monkeypatch.setattr(module, "bound", lambda network, batch_size: -1.0)
    with pytest.raises(HandgradError, match="predict different logits"):
        module.race_prediction(TINY, **SHORT)


def test_the_difference_is_relative_to_the_largest_magnitude():
    assert module.difference(np.array([1.0, 2.0]), np.array([1.0, 4.0])) == 0.5
