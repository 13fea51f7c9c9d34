import json
import os
import time
from shutil import copytree

import pytest

from handgrad.errors import RunError
from handgrad.training.run_table import RunTable, read_row, run_folders, runs

from .small import small, train


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a run that has ended, not to be changed."""
    path = tmp_path_factory.mktemp("runs") / "tiny"
    train(path, small(training={"epochs": 2, "batch_size": 40}))
    return path


@pytest.fixture
def folder(finished, tmp_path):
    """A folder of runs with one run, `tiny`, and a folder that is none."""
    copytree(finished, tmp_path / "runs" / "tiny")
    (tmp_path / "runs" / "other").mkdir()
    return tmp_path / "runs"


def test_a_row_says_what_the_files_say(folder):
    row = read_row(folder / "tiny")
    assert (row.name, row.state) == ("tiny", "finished")
    assert row.settings["training.epochs"] == 2
    assert row.settings["dataset.image_size"] == "[8, 8]"
    assert "resolved.channels" not in row.settings
    result = json.loads((folder / "tiny" / "result.json").read_text())
    assert row.results["test_accuracy"] == result["test_accuracy"]
    assert row.results["epoch"] == 2


def test_the_runs_of_a_folder_are_plain_values(folder):
    copytree(folder / "tiny", folder / "older")
    for name in os.listdir(folder / "older"):
        os.utime(folder / "older" / name, (1, 1))
    first, second = runs(folder)
    assert (first["run"], second["run"]) == (f"{folder}/tiny", f"{folder}/older")
    assert (first["state"], first["seed"], first["epoch"]) == ("finished", 0, 2)
    assert second["changed"] == 1
    assert all(isinstance(value, int | float | str | bool) for value in first.values())
    with pytest.raises(RunError, match="is not a folder"):
        runs(folder / "nothing")
    assert run_folders(folder / "nothing") == []


def test_settings_that_differ_are_found(folder):
    one = read_row(folder / "tiny")
    config = folder / "tiny" / "config.toml"
    config.write_text(config.read_text().replace("epochs = 2", "epochs = 3"))
    assert one.difference(read_row(folder / "tiny")) == {"training.epochs": (2, 3)}
    assert one.difference(one) == {}


@pytest.mark.parametrize("name", ["config.toml", "result.json", "metrics.jsonl"])
@pytest.mark.parametrize("content", [b"", b"\xff\x00[", b'{"kind": "epoch"'])
def test_a_damaged_file_leaves_the_rest(folder, name, content):
    (folder / "tiny" / name).write_bytes(content)
    assert read_row(folder / "tiny").name == "tiny"


def test_a_file_that_vanishes_while_it_is_read_is_left_out(folder):
    (folder / "tiny" / "owner-0009.json.new").symlink_to("nothing")
    assert RunTable().row(folder / "tiny").state == "finished"


def test_a_changed_run_is_read_again(folder):
    table, path = RunTable(), folder / "tiny"
    before = table.row(path)
    assert table.row(path) is before
    (path / "result.json").write_text('{"test_accuracy": 0.5}')
    assert table.row(path).results["test_accuracy"] == 0.5


def test_a_thousand_runs_are_quick(finished, tmp_path):
    """The second look, which a page repeats, and the first within seconds."""
    copytree(finished, tmp_path / "run-0", ignore=lambda *_: ["checkpoints", "figures"])
    files = [path for path in (tmp_path / "run-0").iterdir() if path.is_file()]
    for number in range(1, 1000):
        folder = tmp_path / f"run-{number}"
        folder.mkdir()
        for path in files:
            os.link(path, folder / path.name)
    table = RunTable()
    before = [table.row(path) for path in run_folders(tmp_path)]
    started = time.process_time()
    after = [table.row(path) for path in run_folders(tmp_path)]
    assert time.process_time() - started < 2  # seconds of this process, generous
    assert len(after) == 1000
    assert all(one is two for one, two in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("shape", "dtype", "inputs"),
    [
        ("[1, 8, 8]", "", "images"),
        ("[3, 8, 8]", "", "images"),
        ("[64]", "", "vectors of numbers"),
        ("[1, 8, 8]", 'input_dtype = "float32"', "images of decimal numbers"),
        ("[5, 8, 8]", "", "images of 5 channels"),
        ("1", "", "images"),
    ],
)
def test_a_row_says_what_the_network_takes(tmp_path, shape, dtype, inputs):
    text = f"seed = 1\n[resolved]\ninput_shape = {shape}\n{dtype}\n"
    (tmp_path / "config.toml").write_text(text)
    row = read_row(tmp_path)
    assert (row.inputs, row.settings) == (inputs, {"seed": 1})
