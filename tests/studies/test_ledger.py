import shutil

import pytest

from handgrad.errors import IntegrityError, RunError
from handgrad.studies.ledger import Ledger
from handgrad.studies.trials import Trial

TRIAL = Trial({"kind": "training", "seed": 0})
OUTCOME = {"status": "done", "metrics": {"test_accuracy": 0.1 + 0.2}}


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / "study")
    made.prepare(TRIAL)
    return made


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_recorded_comes_back_to_the_bit(ledger):
    assert ledger.outcome(TRIAL.key) is None
    ledger.record(TRIAL.key, OUTCOME)
    assert ledger.outcome(TRIAL.key) == OUTCOME
    assert ledger.outcomes() == {TRIAL.key: OUTCOME}


def test_rebuilt_from_the_trials_it_is_the_same(done, tmp_path):
    ledger = Ledger(shutil.copytree(done.ledger.folder, tmp_path / "trials"))
    before = files_of(ledger.entries)
    assert len(before) == 3
    shutil.rmtree(ledger.entries)
    ledger.complete()
    assert files_of(ledger.entries) == before


def test_a_trial_that_ended_alone_is_entered(ledger):
    ledger.record(TRIAL.key, OUTCOME)
    entry = ledger.entries / f"{TRIAL.key}.json"
    entry.unlink()
    assert ledger.outcomes() == {TRIAL.key: OUTCOME}
    assert not entry.exists()  # looking changes nothing
    ledger.complete()
    assert ledger.outcome(TRIAL.key) == OUTCOME


def test_what_a_kill_left_half_written_is_cleared_away(ledger):
    torn = ledger.entries / ".tmp-1-0123abcd-x.json"
    torn.write_text('{"sta')
    ledger.complete()
    assert not torn.exists()
    assert ledger.outcomes() == {}


def test_forgotten_it_is_to_be_done_again(ledger):
    ledger.record(TRIAL.key, OUTCOME)
    ledger.forget(TRIAL.key)
    ledger.complete()
    assert ledger.outcomes() == {}
    assert (ledger.trial_folder(TRIAL.key) / "trial.json").is_file()


@pytest.mark.parametrize(
    "content",
    [
        *("{", "[]", "{}", '"done"', "[" * 5000, "9" * 5000),
        '{"status": "done"}',
        '{"status": ["done"], "metrics": {}}',
        '{"status": "over", "metrics": {}}',
        '{"status": "done", "metrics": {"test_loss": "low"}}',
    ],
)
def test_a_damaged_entry_is_named(ledger, content):
    path = ledger.entries / f"{TRIAL.key}.json"
    path.write_text(content)
    with pytest.raises(IntegrityError, match=path.name):
        ledger.outcomes()


@pytest.mark.parametrize("name", ["ledger", "trials", f"trials/{TRIAL.key}"])
def test_nothing_is_written_or_removed_through_links_of_the_folder(
    ledger, tmp_path, name
):
    elsewhere = tmp_path / "elsewhere"
    (ledger.folder / name).rename(elsewhere)
    (ledger.folder / name).symlink_to(elsewhere)
    (elsewhere / f"{TRIAL.key}.json").write_text("precious")
    before = {path: path.read_bytes() for path in elsewhere.rglob("*.*")}
    for act in (
        lambda: ledger.prepare(TRIAL),
        lambda: ledger.record(TRIAL.key, OUTCOME),
        lambda: ledger.forget(TRIAL.key),
    ):
        with pytest.raises(RunError, match=f"{name} is a link"):
            act()
    assert {path: path.read_bytes() for path in elsewhere.rglob("*.*")} == before
