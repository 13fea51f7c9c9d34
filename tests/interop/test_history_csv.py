"""The history of a run as CSV holds the numbers of metrics.jsonl."""

import csv
import io
import json

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
    for row, epoch in zip(rows, epochs, strict=True):
        for name in ("train_loss", "validation_loss", "validation_accuracy"):
            assert float(row[name]) == epoch[name]
        assert row["duration_seconds"] == ""  # of a run, timings.jsonl has it


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
