from handgrad.studies.ledger import Ledger
from handgrad.studies.library import find
from handgrad.studies.progress import epochs_done, progress


def test_epochs_of_trials_that_ended_and_of_one_that_runs_are_counted(tmp_path):
    study, ledger = find("csci581-e"), Ledger(tmp_path)
    cells = study.cells_of("e2", "quick")
    first, second, *_ = {cell.trial.key: cell for cell in cells}
    run = ledger.trial_folder(second) / "run"
    run.mkdir(parents=True)
    (run / "metrics.jsonl").write_text('{"kind": "epoch", "epoch": 2}\n')
    assert epochs_done(cells, ledger, {first}) == (3 + 2, 12)


def test_every_row_has_its_question_and_epochs(tmp_path):
    study = find("csci581-e")
    found = {row["row"]: row for row in progress(study, tmp_path, "quick")}
    assert list(found) == list(study.experiments)
    assert found["e2"]["question"] == study.experiments["e2"].question
    assert found["e2"]["epochs"] == (0, 12)
