import json

import pytest
import torch

from handgrad.inspection.speed import race as speed


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Few images and short laps; the allocator of this process stays as it is."""
    monkeypatch.setattr(speed, "keep_memory", lambda: False)
    monkeypatch.setitem(speed.race.__kwdefaults__, "lap_seconds", 0.01)
    monkeypatch.setitem(speed.race.__kwdefaults__, "images", 256)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_race_for_people(handgrad):
    code, out, _ = handgrad("race softmax --batch-size 64 --laps 2 --channels-last")
    assert code == 0
    assert "Losses match those of torch over 5 steps" in out
    assert "quartiles of ratio" in out
    assert "torch channels last" in out
    assert "2 laps; a reference matrix product" in out


def test_a_race_for_programs(handgrad):
    line = "race mlp --set hidden_sizes=16, --batch-size 64 --laps 2 --workers 1 --json"
    code, out, _ = handgrad(line)
    assert code == 0
    found = json.loads(out)
    assert found["network"] == "mlp"
    assert found["workers"] == 1
    assert found["racers"]["torch"]["ratio"]["median"] > 0
    assert found["agreement"]["torch"]["worst"] <= found["agreement"]["torch"]["bound"]
    assert found["versions"]["torch"] == torch.__version__


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("race lenett", "Did you mean 'lenet'?"),
        ("race --laps 0", "--laps"),
        ("race --workers 0", "--workers"),
        ("race mlp --set dropout=0.5", "no torch equivalent of Dropout(0.5)"),
    ],
)
def test_mistakes_are_told(refused, words, sentence):
    assert sentence in refused(words)
