import json
import os
import time
from pathlib import Path
from shutil import copytree

import pytest

from handgrad.training.ownership import take
from handgrad.web.handles import Home
from handgrad.web.run_table import RunTable, epochs_of, lines_after, read_row, state_of


def test_a_row_says_what_the_files_say(runs):
    (row,) = RunTable(Home(runs)).rows()
    assert (row.id, row.name, row.state) == ("tiny", "tiny", "finished")
    assert row.settings["training.epochs"] == 2
    assert row.settings["dataset.image_size"] == "[8, 8]"
    assert "resolved.channels" not in row.settings
    result = json.loads((runs / "tiny" / "result.json").read_text())
    assert row.results["test_accuracy"] == result["test_accuracy"]
    assert row.results["epoch"] == 2


def test_the_state_follows_the_files(runs):
    folder = runs / "tiny"
    (folder / "result.json").unlink()
    assert state_of(folder) == "stopped"
    (folder / "non_finite.json").write_text("{}")
    assert state_of(folder) == "failed"
    claim = take(folder)
    assert state_of(folder) == "running"
    claim.release()
    assert state_of(folder) == "failed"


@pytest.mark.parametrize("name", ["config.toml", "result.json", "metrics.jsonl"])
@pytest.mark.parametrize("content", [b"", b"\xff\x00[", b'{"kind": "epoch"'])
def test_a_damaged_file_leaves_the_rest(runs, name, content):
    (runs / "tiny" / name).write_bytes(content)
    assert read_row("tiny", runs / "tiny").name == "tiny"
    assert isinstance(epochs_of(runs / "tiny"), list)


def test_a_file_that_vanishes_while_it_is_read_is_left_out(runs):
    (runs / "tiny" / "owner-0009.json.new").symlink_to("nothing")
    assert RunTable(Home(runs)).rows()[0].state == "finished"


def test_a_changed_run_is_read_again(runs):
    table = RunTable(Home(runs))
    before = table.rows()[0]
    assert table.rows()[0] is before
    (runs / "tiny" / "result.json").write_text('{"test_accuracy": 0.5}')
    assert table.rows()[0].results["test_accuracy"] == 0.5


def test_lines_come_once_and_whole(tmp_path):
    log = tmp_path / "log.jsonl"
    assert lines_after(log, 0) == ([], 0)
    log.write_text('{"a": 1}\n{"a": 2}\n{"a"')
    rows, after = lines_after(log, 0)
    assert rows == [{"a": 1}, {"a": 2}]
    assert lines_after(log, after) == ([], after)
    with open(log, "a") as file:
        file.write(": 3}\n")
    assert lines_after(log, after)[0] == [{"a": 3}]
    log.write_text('{"a": 9}\n')  # the run went back to a checkpoint
    assert lines_after(log, after)[0] == [{"a": 9}]
    log.write_bytes(b'\xff\n[1]\n{"a": 4}\n')
    assert lines_after(log, 0)[0] == [{"a": 4}]


def test_a_thousand_runs_are_quick(trained, tmp_path):
    """The second look, which the page repeats, and the first within seconds."""
    copytree(trained, tmp_path / "run-0", ignore=lambda *_: ["checkpoints", "figures"])
    files = [path for path in (tmp_path / "run-0").iterdir() if path.is_file()]
    for number in range(1, 1000):
        folder = tmp_path / f"run-{number}"
        folder.mkdir()
        for path in files:
            os.link(path, folder / path.name)
    table = RunTable(Home(Path(tmp_path)))
    assert len(table.rows()) == 1000
    kept = table._kept.copy()
    started = time.process_time()
    assert len(table.rows()) == 1000
    assert time.process_time() - started < 2  # seconds of this process, generous
    assert all(table._kept[name][1] is row for name, (_, row) in kept.items())
