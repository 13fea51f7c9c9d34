from handgrad.studies.experiment import CURVES
from handgrad.studies.ledger import CRASHED, DONE, PRUNED
from handgrad.studies.trial_outcomes import crashed, curves_of, pruned
from handgrad.studies.trials import Trial
from handgrad.training.run_folder import RunFolder

from .conftest import EPOCHS

TRIAL = Trial({"kind": "training", "seed": 0})


def said(epoch):
    return {"epoch": epoch, **dict.fromkeys(CURVES, 0.25), "validation_loss": None}


def test_a_crash_says_how_often_and_how():
    outcome = crashed(TRIAL, 2, "signal SIGKILL")
    assert outcome["status"] == CRASHED
    reason = "Its process died 2 times, the last time by signal SIGKILL."
    assert outcome["reason"] == reason
    assert (outcome["trial"], outcome["metrics"]) == (TRIAL.spec, {})


def test_the_curves_are_those_of_the_run(done):
    for key, outcome in done.ledger.outcomes().items():
        if outcome["status"] == DONE:
            run = RunFolder(done.ledger.trial_folder(key) / "run")
            assert curves_of(run) == outcome["curves"]


def test_a_pruned_trial_keeps_its_curves_and_last_message(done, tmp_path):
    outcomes = done.ledger.outcomes().items()
    key = next(key for key, outcome in outcomes if outcome["status"] == DONE)
    run = done.ledger.trial_folder(key) / "run"
    known = done.ledger.outcome(key)["curves"]
    outcome = pruned(TRIAL, "Worse.", run, said(EPOCHS + 1))
    assert (outcome["status"], outcome["reason"]) == (PRUNED, "Worse.")
    assert outcome["curves"]["train_loss"] == [*known["train_loss"], 0.25]
    assert outcome["curves"]["validation_loss"] == known["validation_loss"]
    again = pruned(TRIAL, "Worse.", run, said(EPOCHS))  # the files have it already
    assert again["curves"] == known
    alone = pruned(TRIAL, "Worse.", tmp_path / "none", said(1))
    assert alone["curves"]["train_loss"] == [0.25]
