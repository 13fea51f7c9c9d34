import json
import os
from math import inf

import pytest

from handgrad.errors import HandgradError, HandgradWarning, RunError
from handgrad.interop import live_log
from handgrad.interop.live_log import LiveLog, Pace, log_live
from handgrad.training import config_from, start
from handgrad.training.records import StepRecord

TINY = {
    "engine": "plain",
    "dataset": {"name": "digits", "image_size": [8, 8], "train_count": 60},
    "model": {"name": "mlp", "hidden_sizes": [4]},
    "training": {"epochs": 2, "batch_size": 20},
}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Every step has a line."""
    monkeypatch.setattr(live_log, "PAUSE", 0)
    monkeypatch.setattr(live_log, "PART", 0)


def begun(tmp_path, name="run"):
    return start(config_from(TINY), tmp_path / name)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_step_has_a_line_and_the_result_is_the_same(tmp_path):
    run, other = begun(tmp_path), begun(tmp_path, "other")
    assert len(list(log_live(run, tmp_path / "live.jsonl"))) == 8
    for _ in other:
        pass
    assert run.result["sha256"] == other.result["sha256"]
    rows = lines(tmp_path / "live.jsonl")
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert {row["steps"] for row in rows} == {6}
    assert rows[0]["seconds_left"] is None
    assert rows[-1]["seconds_left"] == 0
    assert all(0 <= row["accuracy"] <= 1 for row in rows)


@pytest.mark.parametrize(("rest", "count"), [(0, 6), (1000, 1)])
def test_gradient_norms_of_layers_are_measured_for_at_most_a_share(
    tmp_path, monkeypatch, rest, count
):
    monkeypatch.setattr(live_log, "FIRST", 0)
    monkeypatch.setattr(live_log, "REST", rest)
    run = begun(tmp_path)
    for _ in log_live(run, str(tmp_path / "live")):
        pass
    found = [row["layers"] for row in lines(tmp_path / "live") if "layers" in row]
    assert len(found) == count
    assert sorted(found[0]) == ["linear_1", "linear_2"]
    assert all(norm > 0 for norm in found[0].values())


def test_layers_that_cannot_be_measured_are_left_out(tmp_path, monkeypatch):
    def wrong(*_):
        raise HandgradError("A layer of your own.")

    monkeypatch.setattr(live_log, "FIRST", 0)
    monkeypatch.setattr(live_log, "flow_rows", wrong)
    log = LiveLog(begun(tmp_path), tmp_path / "live")
    assert log.layers.now() is None
    assert log.layers.next == inf


def test_records_of_another_function_are_followed(tmp_path):
    run = begun(tmp_path)
    assert len(list(log_live(run, tmp_path / "live", iter(run)))) == 8
    assert len(lines(tmp_path / "live")) == 6


def test_lines_become_fewer(tmp_path, monkeypatch):
    monkeypatch.setattr(live_log, "PAUSE", 1000)
    for _ in log_live(begun(tmp_path), tmp_path / "live"):
        pass
    assert lines(tmp_path / "live") == []


def test_a_file_that_cannot_be_made_is_an_error_and_later_a_warning(tmp_path):
    with pytest.raises(HandgradError, match="cannot be written"):
        next(log_live(begun(tmp_path), tmp_path / "no" / "live"))
    log = LiveLog(begun(tmp_path, "other"), tmp_path / "live")
    os.remove(log.path)
    log.path.mkdir()
    with pytest.warns(HandgradWarning, match="Training goes on"):
        log.write({})
    log.write({})  # it says so once; another warning would be an error


def test_only_a_run_is_followed(tmp_path):
    with pytest.raises(RunError, match="takes a run, got 3"):
        next(log_live(3, tmp_path / "live"))


def paced(*durations, per_epoch=10, epochs=10):
    """The seconds left after steps of these durations."""
    pace, now = Pace(per_epoch * epochs, epochs), 100.0
    for number, duration in enumerate(durations):
        now += duration
        step = StepRecord(number + 1, number // per_epoch + 1, 0, 0, 1, 0, None, 0)
        pace.add(step, now)
    return pace.seconds_left(step)


def test_the_time_left_follows_recent_steps_and_not_a_pause():
    assert paced(7.0) is None
    assert paced(7.0, 0.5) == pytest.approx(98 * 0.5)
    assert paced(7.0, *[0.5] * 4, 25.0, *[0.5] * 2) == pytest.approx(92 * 0.5)
    epoch = [0.5] * 9
    both = paced(0.5, *epoch, 2.5, *epoch)  # two seconds between epochs
    assert both == pytest.approx(80 * 0.5 + 8 * 2)
    one = paced(*[1.0, 1.0, 1.0, 60.0], per_epoch=1)  # paused in the last
    assert one == pytest.approx(6)
