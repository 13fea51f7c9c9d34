import json
import os
import shutil

import pytest

from handgrad.errors import IntegrityError, RunError
from handgrad.parsing import parse_json
from handgrad.studies.ledger import Ledger, as_json
from handgrad.studies.study_results import as_markdown, results_of

from .made_up import OUTCOME, TRIAL, spoiled, trial_of

DEEP = parse_json("[" * 40 + "]" * 40)


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / "study")
    made.prepare(TRIAL)
    return made


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_recorded_outcome_is_read_back_exactly(ledger):
    assert ledger.outcome(TRIAL.key) is None
    ledger.record(TRIAL.key, OUTCOME)
    assert ledger.outcome(TRIAL.key) == OUTCOME
    assert ledger.outcomes() == {TRIAL.key: OUTCOME}


def test_a_ledger_rebuilt_from_the_trials_is_the_same(done, tmp_path):
    ledger = Ledger(shutil.copytree(done.ledger.folder, tmp_path / "trials"))
    before = files_of(ledger.entries)
    assert len(before) == 3
    shutil.rmtree(ledger.entries)
    ledger.complete()
    assert files_of(ledger.entries) == before


def test_an_outcome_missing_from_the_ledger_is_added(ledger):
    ledger.record(TRIAL.key, OUTCOME)
    entry = ledger.entries / f"{TRIAL.key}.json"
    entry.unlink()
    assert ledger.outcomes() == {TRIAL.key: OUTCOME}
    assert not entry.exists()  # reading changes nothing
    ledger.complete()
    assert ledger.outcome(TRIAL.key) == OUTCOME


def test_temporary_files_of_a_killed_process_are_removed(ledger):
    torn = ledger.entries / ".tmp-1-0123abcd-x.json"
    torn.write_text('{"sta')
    ledger.complete()
    assert not torn.exists()
    assert ledger.outcomes() == {}


def test_a_forgotten_trial_is_missing_again(ledger):
    ledger.record(TRIAL.key, OUTCOME)
    ledger.forget(TRIAL.key)
    ledger.complete()
    assert ledger.outcomes() == {}
    assert (ledger.trial_folder(TRIAL.key) / "trial.json").is_file()


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "{}", "null", "0", '"done"', "[" * 5000, "9" * 5000),
        '{"status": "done"}',
        as_json(OUTCOME).decode()[:-3],
        as_json(OUTCOME)
        .decode()
        .replace('"seed": 0', '"seed": ' + "[" * 40 + "]" * 40),
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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("name", ["trial.json", "outcome.json", "ledger"])
def test_a_device_in_place_of_a_file_is_one_clear_error(ledger, kind, name):
    """Nothing waits for a pipe or reads /dev/zero until memory is full."""
    ledger.record(TRIAL.key, OUTCOME)
    folder, entry = ledger.trial_folder(TRIAL.key), f"{TRIAL.key}.json"
    path = ledger.entries / entry if name == "ledger" else folder / name
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(RunError, match=f"is a {kind}, where a regular") as error:
        _ = ledger.prepare(TRIAL) if name == "trial.json" else ledger.outcomes()
    assert str(error.value).count("Remove it") == 1


@pytest.mark.parametrize("place", ["ledger", "trials"])
@pytest.mark.parametrize("name", ["test_accuracy", "train_loss"])
def test_a_number_that_only_one_of_two_files_has_is_named(ledger, place, name):
    ledger.record(TRIAL.key, OUTCOME)
    changed = {**OUTCOME, "metrics": {**OUTCOME["metrics"], name: 0.75}}
    changed["curves"] = {"train_loss": [2.0, changed["metrics"]["train_loss"]]}
    changed["metrics"]["lowest_train_loss"] = changed["metrics"]["train_loss"]
    entry = ledger.entries / f"{TRIAL.key}.json"
    own = ledger.trial_folder(TRIAL.key) / "outcome.json"
    path = entry if place == "ledger" else own
    path.write_bytes(as_json(changed))
    with pytest.raises(IntegrityError, match=f"disagree: metrics.{name} is ") as error:
        ledger.outcomes()
    assert str(entry) in str(error.value)
    assert str(own) in str(error.value)
    path.unlink()  # as the sentence says
    assert ledger.outcomes() == {TRIAL.key: OUTCOME}


def test_an_outcome_with_the_same_values_may_be_formatted_differently(ledger):
    ledger.record(TRIAL.key, OUTCOME)
    entry = ledger.entries / f"{TRIAL.key}.json"
    entry.write_text(json.dumps(OUTCOME, sort_keys=True))
    assert ledger.outcomes() == {TRIAL.key: OUTCOME}


@pytest.mark.parametrize("where", [("ledger",), ("trials",), ("ledger", "trials")])
def test_swapped_outcomes_are_refused(ledger, where):
    other = trial_of(seed=1)
    ledger.prepare(other)
    ledger.record(TRIAL.key, OUTCOME)
    ledger.record(other.key, {**OUTCOME, "trial": other.spec})
    for place in where:
        first, second = (
            ledger.folder / place / key
            for key in (
                (f"{TRIAL.key}.json", f"{other.key}.json")
                if place == "ledger"
                else (f"{TRIAL.key}/outcome.json", f"{other.key}/outcome.json")
            )
        )
        content = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(content)
    with pytest.raises(IntegrityError, match="it is the outcome of the trial"):
        ledger.outcomes()


def test_a_trial_with_another_learning_rate_is_not_accepted_for_the_key(ledger):
    path = ledger.trial_folder(TRIAL.key) / "trial.json"
    path.write_bytes(as_json(trial_of(learning_rate=0.5).spec))
    named = r"config.optimizer.learning_rate is 0.5 and 0.1\. Remove "
    with pytest.raises(IntegrityError, match=named):
        ledger.prepare(TRIAL)
    with pytest.raises(IntegrityError, match="is not the trial of its folder"):
        ledger.complete()
    shutil.rmtree(path.parent)  # as the sentence says
    ledger.complete()
    assert ledger.prepare(TRIAL) == path.parent


@pytest.mark.parametrize("content", ["", "{", "null", "[]", "9" * 5000, "[" * 5000])
def test_a_damaged_trial_is_named(ledger, content):
    path = ledger.trial_folder(TRIAL.key) / "trial.json"
    path.write_text(content)
    for look in (ledger.complete, lambda: ledger.prepare(TRIAL)):
        with pytest.raises(IntegrityError, match=r"trial\.json"):
            look()


@pytest.mark.parametrize("outcome", spoiled())
def test_any_value_of_a_field_is_refused_or_can_be_reported(done, tmp_path, outcome):
    """Every field removed, or with a value of another type."""
    key = next(iter(done.ledger.outcomes()))
    sound = done.ledger.outcome(key)
    ledger = Ledger(tmp_path)
    ledger.entries.mkdir()
    for change in outcome(sound):
        (ledger.entries / f"{key}.json").write_text(json.dumps(change))
        try:
            ledger.outcomes()
        except IntegrityError:
            continue
        as_markdown(results_of(done.study, ledger)).encode()
