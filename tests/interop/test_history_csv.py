"""The history of a run as CSV holds the numbers of metrics.jsonl."""

import csv
import io
import json
import shutil

import pytest

import handgrad as hg
from handgrad.errors import RunError
from handgrad.interop.history_csv import history_csv
from handgrad.training import config_from, start


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    tables = {
        "engine": "plain",
        "model": {"name": "softmax_regression"},
        "training": {"epochs": 3},
    }
    folder = tmp_path_factory.mktemp("runs") / "softmax"
    for _ in start(config_from(tables), folder):
        pass
    return folder


def test_a_row_for_each_epoch(run):
    rows = list(csv.DictReader(io.StringIO(history_csv(run))))
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    epochs = [line for line in lines if line["kind"] == "epoch"]
    assert len(rows) == len(epochs) == 3
    lines = map(json.loads, (run / "timings.jsonl").read_text().splitlines())
    times = [line for line in lines if line["kind"] == "epoch"]
    for row, epoch, time in zip(rows, epochs, times, strict=True):
        for name in ("train_loss", "validation_loss", "validation_accuracy"):
            assert float(row[name]) == epoch[name]
        for name in ("duration_seconds", "images_per_second"):
            assert float(row[name]) == time[name] > 0


def test_a_run_without_its_times(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / "timings.jsonl").unlink()
    rows = list(csv.DictReader(io.StringIO(history_csv(tmp_path / "run"))))
    assert [row["duration_seconds"] for row in rows] == [""] * 3


def test_a_saved_classifier_without_validation(tmp_path):
    digits = hg.datasets.load("digits").train
    clf = hg.Classifier("softmax_regression", epochs=2)
    clf.fit(digits.images, digits.targets).save(tmp_path / "net.safetensors")
    rows = list(csv.DictReader(io.StringIO(history_csv(tmp_path / "net.safetensors"))))
    assert [float(row["train_loss"]) for row in rows] == clf.loss_curve_
    assert {row["validation_loss"] for row in rows} == {""}


def test_no_run_is_an_error(tmp_path):
    with pytest.raises(RunError, match="does not exist"):
        history_csv(tmp_path / "none")
