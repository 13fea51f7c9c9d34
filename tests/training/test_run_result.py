import json
from dataclasses import asdict

from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.records import EpochRecord
from handgrad.training.run_result import (
    checksum_of,
    count_parameters,
    result_of,
    summary_of,
)

from .small import small, train


def test_the_result_holds_the_final_values(tmp_path):
    run = train(tmp_path / "run", small())
    last = load_checkpoint(tmp_path / "run" / "checkpoints").position
    epoch = run.folder.records()[-1]
    tested = run.result["test_loss"], run.result["test_accuracy"]
    again = result_of(run.parts, last, summary_of(epoch), tested, run.result["sha256"])
    written = json.loads((tmp_path / "run" / "result.json").read_text())
    assert {**written, **again} == written
    assert written.keys() - again.keys() == {"run", "seconds"}


def test_the_summary_of_an_epoch_has_no_times():
    record = EpochRecord(3, 9, 1.0, 0.5, None, None, 0.1, True, 2.0, 100.0)
    assert summary_of(asdict(record)) == {
        "train_loss": 1.0,
        "train_accuracy": 0.5,
        "validation_loss": None,
        "validation_accuracy": None,
    }


def test_the_checksum_is_that_of_the_parameters(tmp_path):
    run = train(tmp_path / "run")
    model = run.parts.model
    assert count_parameters(model) == run.result["parameters"] == 64 * 16 + 16 + 170
    before = checksum_of(model)
    parameter = next(iter(model.parameters().values()))
    parameter.value[...] += 1
    assert checksum_of(model) != before
