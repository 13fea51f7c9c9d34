import numpy as np
import pytest

from handgrad.studies.inspections import Place, inspect
from handgrad.studies.inspections import lenet_in_loops as definition
from handgrad.studies.inspections.loops import apart

SMALL = {"images": 1, "steps": 2, "batch_size": 16, "timed_steps": 1}


def test_loops_layers_and_engine_agree(tmp_path):
    found = inspect("looped_lenet", SMALL, 0, Place(tmp_path, workers=1))
    assert found["plain_error"] < 1e-12
    assert 0 < found["engine_error"] < 1e-4
    assert found["loss_2"] != found["loss_1"] > 0
    assert found["plain_speedup"] > 1
    assert found["plain_seconds"] == pytest.approx(
        found["loops_seconds"] / found["plain_speedup"]
    )
    lines = (tmp_path / "figures" / "three_speeds.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in lines[1:]] == [
        "loops",
        "plain",
        "engine",
    ]


def test_a_wrong_loop_is_detected(monkeypatch):
    right = definition.sums_of

    def wrong(maps):
        return [1.001 * value for value in right(maps)]

    monkeypatch.setattr(definition, "sums_of", wrong)
    found = inspect("looped_lenet", SMALL, 0, Place(workers=1))
    assert found["plain_error"] > 1e-6


def test_how_far_two_outcomes_are_apart():
    right = ({"a": np.array([1.0, -4.0])}, [2.0])
    assert apart(right, right) == 0
    assert apart(({"a": np.array([1.0, -4.4])}, [2.0]), right) == pytest.approx(0.1)
    assert apart(({"a": np.array([1.0, -4.0])}, [2.5]), right) == 0.25
