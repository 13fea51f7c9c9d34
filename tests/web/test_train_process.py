import json
import signal

import pytest

from handgrad.training import RunFolder, config_from
from handgrad.web import train_process
from handgrad.web.train_process import Live, Stop, main

from .conftest import TINY


@pytest.fixture(autouse=True)
def handlers():
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    yield
    for name, handler in before.items():
        signal.signal(name, handler)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(config_from(TINY).to_toml())
    return path


def test_it_writes_the_run_of_the_command_line(config, tmp_path, trained, monkeypatch):
    monkeypatch.setattr(train_process, "PAUSE", 0)
    folder, live = tmp_path / "run", tmp_path / "live"
    assert main(["start", str(config), str(folder), str(live)]) == 0
    sums = [RunFolder.open(each).result["sha256"] for each in (folder, trained)]
    assert sums[0] == sums[1]
    rows = [json.loads(line) for line in live.read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[0]["steps"] == 6
    assert rows[-1]["seconds_left"] == 0
    assert any((folder / "figures").iterdir())


def test_gradient_norms_of_layers_are_measured_for_at_most_a_share(
    config, tmp_path, monkeypatch
):
    monkeypatch.setattr(train_process, "PAUSE", 0)
    monkeypatch.setattr(train_process, "FIRST", 0)
    monkeypatch.setattr("handgrad.run.draw_run", lambda run: [])  # slow
    for rest, count in ((0, 6), (1000, 1)):
        monkeypatch.setattr(train_process, "REST", rest)
        live = tmp_path / f"live-{rest}"
        assert main(["start", str(config), str(tmp_path / str(rest)), str(live)]) == 0
        rows = [json.loads(line) for line in live.read_text().splitlines()]
        found = [row["layers"] for row in rows if "layers" in row]
        assert len(found) == count
    sums = [RunFolder.open(tmp_path / one).result["sha256"] for one in ("0", "1000")]
    assert sums[0] == sums[1]
    assert sorted(found[0]) == ["conv2d_1", "linear_1"]
    assert all(norm > 0 for norm in found[0].values())


def test_a_signal_saves_and_resuming_gives_the_same(
    config, tmp_path, trained, monkeypatch
):
    monkeypatch.setattr("handgrad.run.draw_run", lambda run: [])  # slow
    folder, live = tmp_path / "run", tmp_path / "live"
    shown = []

    def stop_at_the_second(self, record):
        shown.append(record)
        if len(shown) == 2:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as context:
        context.setattr(Live, "show", stop_at_the_second)
        assert main(["start", str(config), str(folder), str(live)]) == 0
    assert len(shown) == 2
    assert RunFolder.open(folder).result is None
    assert main(["resume", str(folder), str(live)]) == 0
    result = RunFolder.open(folder).result
    assert result["sha256"] == RunFolder.open(trained).result["sha256"]


def test_an_error_is_one_sentence(config, tmp_path, capsys, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "x").touch()
    assert main(["start", str(config), str(tmp_path / "run"), "live"]) == 2
    assert "already exists" in capsys.readouterr().err

    def full(_):
        raise MemoryError

    monkeypatch.setattr(train_process, "_begun", full)
    assert main(["resume", "x", "live"]) == 2
    assert "Out of memory" in capsys.readouterr().err


def test_nothing_is_stopped_without_a_signal():
    assert Stop().check() is None
