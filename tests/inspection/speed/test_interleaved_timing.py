from time import sleep

import pytest

from handgrad.inspection.speed import interleaved_timing as module
from handgrad.inspection.speed.interleaved_timing import Laps, Racer, run_laps, spread


def test_the_quartiles():
    found = spread([4.0, 1.0, 3.0, 2.0, 5.0])
    assert (found.low, found.median, found.high) == (2.0, 3.0, 4.0)


def test_ratios_are_of_consecutive_laps():
    laps = Laps({"ours": [1.0, 2.0, 4.0], "theirs": [3.0, 6.0, 4.0]}, [1.0] * 3, {})
    assert laps.ratio("theirs", to="ours").median == 3.0
    assert laps.time("ours").median == 2.0
    assert laps.ratio("ours", to="ours").low == 1.0


def test_laps_are_interleaved_in_alternating_order(monkeypatch):
    run, rests = [], []
    monkeypatch.setattr(module, "calibrate", lambda: rests.append(len(run)) or 1.0)
    racers = [
        Racer(name, lambda step, name=name: run.append((name, step)) or sleep(0.002))
        for name in ("a", "b")
    ]
    found = run_laps(racers, 3, lap_seconds=0.001)
    order = [name for name, step in run if step == 0]
    assert order == ["a", "b", *"ab", *"ba", *"ab"]
    assert len(rests) == 3
    assert {name: len(times) for name, times in found.seconds.items()} == {
        "a": 3,
        "b": 3,
    }
    assert all(time >= 0.002 for times in found.seconds.values() for time in times)
    assert set(found.page_faults) == {"a", "b"}


def test_get_ready_runs_before_each_lap():
    calls = []
    racer = Racer("a", lambda step: sleep(0.001), lambda: calls.append("ready"))
    run_laps([racer], 2, lap_seconds=0.001)
    assert calls == ["ready"] * 3


def test_a_lap_lasts_as_long_as_asked_and_the_first_round_does_not_count(monkeypatch):
    seconds = iter([50, 50, *[5] * 1000])  # untimed, warm-up, timed
    steps, now = [], [0]

    def step(number):
        steps.append(number)
        now[0] += next(seconds)

    def timed(run):
        before = now[0]
        run()
        return now[0] - before

    monkeypatch.setattr(module, "perf_counter", lambda: now[0])
    monkeypatch.setattr(module, "seconds_of", timed)
    found = run_laps([Racer("a", step)], 1, lap_seconds=18)
    assert found.seconds["a"] == [5]
    assert steps == [0, 1, 0, 1, 2, 3, 4]


def test_the_fastest_has_the_smallest_median():
    laps = Laps({"a": [1.0, 2.0, 9.0], "b": [3.0, 3.0, 3.0]}, [1.0] * 3, {})
    assert laps.fastest() == "a"


def test_an_error_in_a_step_is_raised():
    def fall(step):
        raise RuntimeError("fell")

    with pytest.raises(RuntimeError, match="fell"):
        run_laps([Racer("a", fall)], 1)
