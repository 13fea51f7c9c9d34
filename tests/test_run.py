"""One run folder, however the run is started."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg  # noqa: F401 (environment.json lists its BLAS, once it is loaded)

import handgrad
from handgrad.cli.main import run as program
from handgrad.datasets.array_file import ARRAY_FILE
from handgrad.errors import ConfigError, HandgradWarning, RunError, StoppedError
from handgrad.run import complete, train
from handgrad.training import config_from, resume, start
from handgrad.training.manifest import MANIFEST, check_manifest
from handgrad.training.records import EpochRecord

TABLES = {
    "engine": "plain",
    "dataset": {"name": "digits", "train_count": 96, "validation": 32},
    "model": {"name": "softmax_regression"},
    "training": {"epochs": 2, "batch_size": 32},
}
FIGURES = {
    "curves.png",
    "curves.svg",
    "first_layer_weights.png",
    "confusion_matrix.png",
    "worst_mistakes.png",
}
OF_THIS_TIME = {  # durations, and what holds them or a checksum of them
    *("timings.jsonl", "result.json", "owner-0001.json", "position.json"),
    *("manifest.json", "last.json", "best.json"),
}


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.figures
def test_python_and_the_command_line_write_the_same_folder(here):
    run = train(TABLES, "python")
    words = (
        "train softmax_regression --engine plain --train-count 96 --validation 32 "
        "--epochs 2 --batch-size 32 --run program -q"
    )
    assert program(words.split()) == 0
    ours, theirs = files_in("python"), files_in("program")
    assert ours.keys() == theirs.keys()
    assert {name for name in ours if name.startswith("figures/")} == {
        f"figures/{name}" for name in FIGURES
    }
    same = [name for name in ours if Path(name).name not in OF_THIS_TIME]
    assert "config.toml" in same
    assert [name for name in same if ours[name] != theirs[name]] == []
    results = [json.loads(found["result.json"]) for found in (ours, theirs)]
    others = {k for k in results[0] if results[0][k] != results[1][k]}
    assert others <= {"run", "seconds"}
    assert run.result == results[0]
    lists = [json.loads(found[MANIFEST])["files"] for found in (ours, theirs)]
    assert lists[0].keys() == lists[1].keys()


@pytest.mark.figures
@pytest.mark.parametrize("kind", ["bytes", "numbers", "vectors"])
def test_a_classifier_writes_the_same_files(here, kind):
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8)
    if kind != "bytes":
        images = images.astype(np.float32)
    if kind == "vectors":
        images = images.reshape(60, 64)
    settings = {"epochs": 1, "engine": "plain", "run": "fitted", "validation": 0.2}
    model = handgrad.Classifier("softmax_regression", **settings)
    model.fit(images, np.arange(60) % 3)
    train({**TABLES, "training": {"epochs": 1}}, "other")
    ours, theirs = (
        {Path(name).name for name in files_in(folder)} for folder in ("fitted", "other")
    )
    assert ours - theirs == {ARRAY_FILE}
    pictures = {"first_layer_weights.png", "worst_mistakes.png"}
    assert theirs - ours == (pictures if kind == "vectors" else set())
    assert check_manifest(here / "fitted") == len(files_in("fitted")) - 2


def test_a_name_and_a_file_are_settings_as_well(here):
    first = train(TABLES, "first")
    again = train("first/config.toml", "again")
    assert again.result["sha256"] == first.result["sha256"]
    with pytest.raises(ConfigError, match="no model named 'lenett'"):
        train("lenett")
    with pytest.raises(ConfigError, match="no option of softmax_regression"):
        train({**TABLES, "model": {"name": "softmax_regression", "width": 3}})
    for folder in (3, ""):
        with pytest.raises(RunError, match="train takes folder as a path"):
            train(TABLES, folder)
    assert sorted(path.name for path in here.iterdir()) == ["again", "first"]


def test_it_is_at_the_front_door():
    assert handgrad.train is train


@pytest.mark.figures
def test_a_stop_between_two_records_saves_and_names_the_command(here):
    run = start(config_from(TABLES), here / "run")

    def stop():
        if run.trainer.position.step >= 2:
            raise StoppedError("Enough.")

    run.trainer.between = stop
    seen = []
    records = (seen.append(run.has_work) for _ in complete(run))
    with pytest.raises(StoppedError, match=r"after step 2; .*--resume run$"):
        list(records)
    assert (seen, run.has_work, run.result) == ([True, True], False, {})
    again = resume(here / "run")
    assert again.trainer.position.step == 2
    assert sum(isinstance(record, EpochRecord) for record in complete(again)) == 2
    whole = train(TABLES, "whole")
    assert again.result["sha256"] == whole.result["sha256"]
    ours, theirs = files_in("run"), files_in("whole")
    assert {"figures/curves.svg", "metrics.jsonl"} <= ours.keys()
    for name in ("figures/curves.svg", "metrics.jsonl"):
        assert ours[name] == theirs[name]


@pytest.mark.figures
def test_figures_that_cannot_be_written_are_a_warning(here):
    run = start(config_from(TABLES), here / "run")
    run.folder.figures.write_text("in the way")
    with pytest.warns(HandgradWarning, match="curves.png cannot be written"):
        list(complete(run))
    assert run.folder.result == run.result


def test_a_run_that_has_ended_is_left_as_it_is(here):
    train(TABLES, "run")
    before = files_in("run")
    assert list(complete(resume(here / "run"))) == []
    assert files_in("run") == before


def test_figures_can_be_left_out(here, monkeypatch):
    train(TABLES, "run")
    assert not list((here / "run" / "figures").glob("*"))
    assert check_manifest(here / "run") == len(files_in("run")) - 2
    monkeypatch.setenv("HANDGRAD_FIGURES", "no")
    with pytest.raises(ConfigError, match="takes 1, or 0 for runs"):
        train(TABLES, "other")
    assert not (here / "other").exists()


def test_figures_of_a_run_are_never_out_of_date(here, monkeypatch):
    monkeypatch.setenv("HANDGRAD_FIGURES", "1")
    train(TABLES, "run")
    before = (here / "run" / "figures" / "curves.svg").read_bytes()
    monkeypatch.setenv("HANDGRAD_FIGURES", "0")
    list(complete(resume(here / "run", epochs=3)))
    assert (here / "run" / "figures" / "curves.svg").read_bytes() != before
