import json

import pytest

from handgrad import metrics
from handgrad.errors import NonFiniteError, RunError
from handgrad.studies.experiment import METRICS
from handgrad.studies.ledger import DONE, Ledger
from handgrad.studies.trial import ending, train
from handgrad.training.run_folder import RunFolder

from .conftest import EPOCHS
from .small import study, without_seconds


def one(done, status=DONE):
    return next(o for o in done.ledger.outcomes().values() if o["status"] == status)


def test_it_measures_what_experiments_may_ask_for(done):
    assert {*one(done)["metrics"], "diverged"} == set(METRICS)


def test_the_numbers_are_those_of_the_run_folder(done):
    for key, outcome in done.ledger.outcomes().items():
        if outcome["status"] != DONE:
            continue
        run = RunFolder.open(done.ledger.trial_folder(key) / "run")
        assert outcome["sha256"] == run.result["sha256"]
        assert outcome["metrics"]["train_loss"] == run.result["train_loss"]
        losses = [r["train_loss"] for r in run.records() if r["kind"] == "epoch"]
        assert outcome["curves"]["train_loss"] == losses
        assert len(losses) == EPOCHS
        assert outcome["metrics"]["lowest_train_loss"] == min(losses)
        confusion = outcome["confusion"]
        right = sum(confusion[k][k] for k in range(10))
        total = sum(map(sum, confusion))
        assert outcome["metrics"]["test_accuracy"] == pytest.approx(right / total)
        assert outcome["metrics"]["test_mistakes"] == total - right
        assert outcome["environment"]["handgrad"]


@pytest.mark.parametrize("damage", ["config.toml", "checkpoints"])
def test_a_run_killed_at_the_very_start_is_started_anew(done, tmp_path, damage):
    rows = study(tmp_path / "rows", rates=(0.3,), epochs=2)
    trial = rows.cells("full")[0].trial
    folder = Ledger(tmp_path / "trials").prepare(trial)
    whole = train(trial.spec, folder, 1, lambda values: None)
    if damage == "config.toml":
        (folder / "run" / damage).unlink()
    else:
        for path in (folder / "run").glob("checkpoints/*/state.safetensors"):
            path.write_bytes(b"torn")
    said = []
    again = train(trial.spec, folder, 1, said.append)
    assert [values["epoch"] for values in said] == [1, 2]
    assert again["curves"] == whole["curves"]
    assert again["sha256"] == whole["sha256"]


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (NonFiniteError("NaN in linear1."), "diverged", "NaN in linear1."),
        (RunError("No room."), "failed", "No room."),
        (MemoryError(), "failed", "It needs more memory than is available."),
        (KeyError("weight"), "failed", "KeyError: 'weight'"),
    ],
)
def test_every_error_becomes_a_reason(error, status, reason):
    def work():
        raise error

    assert ending(work) == {"status": status, "reason": reason, "metrics": {}}


@pytest.mark.parametrize(("most", "is_kept"), [(10, True), (9, False)])
def test_the_confusions_of_very_many_classes_are_not_kept(
    tmp_path, monkeypatch, most, is_kept
):
    monkeypatch.setattr(metrics, "MOST_CLASSES", most)
    trial = study(tmp_path / "rows", rates=(0.3,), epochs=1).cells("full")[0].trial
    folder = Ledger(tmp_path / "trials").prepare(trial)
    outcome = train(trial.spec, folder, 1, lambda values: None)
    assert (outcome["confusion"] is not None) == is_kept


def test_outcomes_are_plain_files(done):
    for path in done.ledger.trials.glob("*/outcome.json"):
        content = json.loads(path.read_text())
        assert path.parent.name in done.ledger.outcomes()
        spec = json.loads((path.parent / "trial.json").read_text())
        assert content["trial"] == spec
        if content["status"] == DONE:
            assert without_seconds(content)["metrics"]


def test_the_data_folder_is_passed_on_and_is_not_part_of_the_trial(
    tmp_path, monkeypatch
):
    trial = study(tmp_path / "rows", rates=(0.3,), epochs=1).cells("full")[0].trial
    folder = Ledger(tmp_path / "trials").prepare(trial)
    monkeypatch.setenv("HANDGRAD_STUDY_DATA", str(tmp_path))
    train(trial.spec, folder, 1, lambda values: None)
    run = RunFolder.open(folder / "run")
    assert run.config.dataset.data_dir == str(tmp_path)
    assert str(tmp_path) not in (folder / "trial.json").read_text()
