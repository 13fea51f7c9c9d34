import numpy as np

from handgrad.sweeps.importance import FEWEST, caution, importance
from handgrad.sweeps.space import Choice, Range

SPACE = (Range("a.big", 0.0, 1.0), Range("a.small", 1.0, 100.0, log=True),
         Choice("a.none", ("x", "y")))  # fmt: skip


def settings(count):
    draws = np.random.default_rng(0).uniform(size=(count, 3))
    return [
        {p.name: p.at(share) for p, share in zip(SPACE, row, strict=True)}
        for row in draws
    ]


def test_what_decides_comes_first():
    values = settings(60)
    means = [v["a.big"] + 0.1 * np.log(v["a.small"]) / np.log(100) for v in values]
    found = importance(SPACE, values, means)
    falls = {name: row["mean"] for name, row in found["parameters"].items()}
    assert list(falls) == ["a.big", "a.small", "a.none"]
    assert falls["a.big"] > 10 * falls["a.small"]
    assert abs(falls["a.none"]) < 0.01
    assert found["r2"] > 0.9
    assert importance(SPACE, values, means) == found  # the same forest


def test_noise_gets_a_low_r2_and_a_warning():
    values = settings(20)
    means = list(np.random.default_rng(1).normal(size=20))
    found = importance(SPACE, values, means)
    assert found["r2"] < 0.2
    assert "too low to rely on" in caution(found["r2"])
    assert caution(0.9) == "out-of-bag R² 0.90"


def test_few_or_equal_settings_have_no_importance():
    few = importance(SPACE, settings(FEWEST - 1), [0.5] * (FEWEST - 1))
    assert few["parameters"] == {}
    assert few["why"] == "7 settings are complete, 8 are needed"
    equal = importance(SPACE, settings(9), [0.5] * 9)
    assert equal["why"] == "all settings are equally good"
