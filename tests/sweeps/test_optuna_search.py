import sys

import pytest

pytest.importorskip("optuna")

from handgrad.errors import ConfigError, IntegrityError, RunError
from handgrad.studies.ledger import CRASHED, DIVERGED, PRUNED, Ledger
from handgrad.sweeps import optuna_search
from handgrad.sweeps.optuna_search import (
    JOURNAL,
    TreeSearch,
    cut_torn_line,
    open_study,
    settings_tried,
)
from handgrad.sweeps.sweep_results import results_of

from .small import BATCH, FLIPS, RATE, WIDTH, outcome, sweep_of

TPE = 'method = "tpe"\ntrials = {trials}\nseeds = {seeds}\n'


def tpe(tmp_path, trials=12, seeds=(0,), more="", **settings):
    text = TPE.format(trials=trials, seeds=list(seeds)) + more
    return sweep_of(tmp_path, text, **settings)


def score(cell):
    """Best at a rate of 0.3: something to be found."""
    rate = cell.trial.spec["config"]["optimizer"]["learning_rate"]
    return 1 - abs(rate - 0.3) + 1e-3 * cell.trial.seed


def go(sweep, ledger, *, until=10**6):
    """Follow the plan without training; what was begun."""
    plan, begun = TreeSearch(sweep, ledger), []
    while len(begun) < until and (cell := plan.next()) is not None:
        begun.append(cell)
        ledger.prepare(cell.trial)
        ledger.record(cell.trial.key, outcome(cell, score(cell)))
        plan.take(cell, ledger.outcome(cell.trial.key))
    return begun


def test_a_search_comes_nearer_to_what_is_good(tmp_path):
    begun = go(tpe(tmp_path, trials=30), Ledger(tmp_path / "s"))
    scores = [score(cell) for cell in begun]
    assert len(scores) == 30
    assert sum(scores[20:]) / 10 > sum(scores[:8]) / 8 + 0.1


def test_a_broken_search_ends_as_an_unbroken_one(tmp_path):
    sweep = tpe(tmp_path, trials=14, seeds=(0, 1))
    whole = go(sweep, Ledger(tmp_path / "whole"))
    broken = Ledger(tmp_path / "broken")
    begun = go(sweep, broken, until=5)
    begun += go(sweep, broken, until=12)
    begun += go(sweep, broken)
    keys = [cell.trial.key for cell in begun]
    assert len(set(keys)) == len(keys)  # none twice
    assert keys == [cell.trial.key for cell in whole]
    first = [s.name for s in settings_tried(sweep, tmp_path / "whole")]
    assert [s.name for s in settings_tried(sweep, tmp_path / "broken")] == first


def test_what_was_open_when_it_was_killed_is_proposed_again(tmp_path):
    sweep, ledger = tpe(tmp_path), Ledger(tmp_path / "s")
    begun = [TreeSearch(sweep, ledger).next() for _ in range(3)]  # three kills
    assert begun[0] == begun[1] == begun[2]


def test_a_longer_search_runs_its_new_settings_alone(tmp_path):
    ledger = Ledger(tmp_path / "s")
    short = go(tpe(tmp_path, trials=5), ledger)
    assert go(tpe(tmp_path, trials=5), ledger) == []
    assert len(go(tpe(tmp_path, trials=7), ledger)) == 2
    assert len(settings_tried(tpe(tmp_path), tmp_path / "s")) == len(short) + 2


def test_more_seeds_are_another_search_that_knows_the_trials(tmp_path):
    ledger = Ledger(tmp_path / "s")
    go(tpe(tmp_path, trials=3), ledger)
    begun = go(tpe(tmp_path, trials=3, seeds=(0, 1)), ledger)
    assert [cell.trial.seed for cell in begun] == [1, 1, 1]


def test_the_first_seed_goes_before_the_others(tmp_path):
    sweep = tpe(tmp_path, seeds=(4, 5, 6))
    plan = TreeSearch(sweep, Ledger(tmp_path / "s"))
    first, other = plan.next(), plan.next()  # two at a time: two settings
    assert (first.trial.seed, other.trial.seed) == (4, 4)
    assert first.variant != other.variant
    plan.take(first, outcome(first, 0.5))
    assert [plan.next().trial.seed for _ in range(2)] == [5, 6]


@pytest.mark.parametrize("status", [DIVERGED, CRASHED])
def test_a_setting_without_numbers_ends_with_its_first_seed(tmp_path, status):
    plan = TreeSearch(tpe(tmp_path, seeds=(0, 1)), Ledger(tmp_path / "s"))
    cell = plan.next()
    plan.take(cell, outcome(cell, 0.5, status=status, metrics={}))
    following = plan.next()
    assert following.variant != cell.variant
    plan.take(cell, outcome(cell, 0.5))  # a late word changes nothing
    assert following.trial.seed == 0


def test_divergence_is_a_number_where_it_is_the_metric(tmp_path):
    more = 'metric = "diverged"\n'
    plan = TreeSearch(tpe(tmp_path, seeds=(0, 1), more=more), Ledger(tmp_path / "s"))
    cell = plan.next()
    plan.take(cell, outcome(cell, 0.5, status=DIVERGED, metrics={}))
    other = plan.next()
    assert (other.variant, other.trial.seed) == (cell.variant, 1)
    plan.take(other, outcome(other, 0.5))
    assert [trial.value for trial in plan.study.get_trials()] == [0.5]


def test_failed_trials_are_done_again_where_that_is_asked_for(tmp_path):
    sweep, ledger = tpe(tmp_path, trials=1), Ledger(tmp_path / "s")
    cell = TreeSearch(sweep, ledger).next()
    ledger.prepare(cell.trial)
    ledger.record(cell.trial.key, outcome(cell, 0.5, status=CRASHED, metrics={}))
    assert TreeSearch(sweep, ledger, retry=True).next() == cell
    assert ledger.outcome(cell.trial.key) is None
    ledger.record(cell.trial.key, outcome(cell, 0.5, status=CRASHED, metrics={}))
    assert TreeSearch(sweep, ledger).next() is None


def test_a_setting_worse_than_the_median_is_ended(tmp_path):
    sweep = tpe(tmp_path, more='pruning = "median"\n', epochs=6)
    plan = TreeSearch(sweep, Ledger(tmp_path / "s"))

    def say(cell, level):
        for epoch in range(1, 7):
            why = plan.why_end(cell, {"epoch": epoch, "validation_accuracy": level})
            if why:
                return epoch, why
        return None

    for place in range(4):
        cell = plan.next()
        assert say(cell, 0.6 + place / 10) is None  # nobody to compare with
        plan.take(cell, outcome(cell, 0.6 + place / 10))
    good = plan.next()
    assert say(good, 0.85) is None
    plan.take(good, outcome(good, 0.85))
    bad = plan.next()
    epoch, why = say(bad, 0.3)
    assert epoch == 2
    assert why.startswith("Up to epoch 2, its best validation_accuracy was worse than")
    plan.take(bad, outcome(bad, 0.3, status=PRUNED, metrics={}))
    assert plan.next().variant != bad.variant


def test_without_pruning_every_setting_comes_to_its_end(tmp_path):
    plan = TreeSearch(tpe(tmp_path), Ledger(tmp_path / "s"))
    for _ in range(7):
        cell = plan.next()
        assert plan.why_end(cell, {"epoch": 1, "validation_accuracy": 0.0}) == ""
        plan.take(cell, outcome(cell, 0.9))


def test_all_kinds_of_parameters_come_back_as_they_were_written(tmp_path):
    sweep = tpe(tmp_path, trials=6, parameters=(RATE, WIDTH, BATCH))
    for cell in go(sweep, Ledger(tmp_path / "s")):
        config = cell.trial.spec["config"]
        rate = config["optimizer"]["learning_rate"]
        assert rate == float(f"{rate:.4g}")
        assert config["model"]["hidden_sizes"] in ([8], [16], [8, 8])
        assert 10 <= config["training"]["batch_size"] <= 40


def test_the_journal_has_values_as_in_older_versions(tmp_path):
    sweep, ledger = tpe(tmp_path, trials=3, parameters=(FLIPS,)), Ledger(tmp_path / "s")
    made = go(sweep, ledger)
    assert {cell.variant for cell in made} <= {
        "augmentation=none",
        "augmentation=random_flip",
    }
    trials = open_study(sweep, ledger.folder).trials
    kept = {trial.params["dataset.augmentation"] for trial in trials}
    assert kept <= {"", "{'name': 'random_flip'}"}


def test_a_small_space_is_tried_once(tmp_path):
    sweep, ledger = tpe(tmp_path, trials=9, parameters=(WIDTH,)), Ledger(tmp_path / "s")
    go(sweep, ledger, until=1)
    assert results_of(sweep, ledger)["exhausted"] == ""  # it has only begun
    assert len(go(sweep, ledger)) == 2
    assert len(settings_tried(sweep, tmp_path / "s")) == 3
    assert "3 different settings were" in results_of(sweep, ledger)["exhausted"]


def test_settings_that_are_being_tried_are_not_tried_twice_at_a_time(tmp_path):
    plan = TreeSearch(
        tpe(tmp_path, trials=9, parameters=(WIDTH,)), Ledger(tmp_path / "s")
    )
    begun = [plan.next() for _ in range(4)]
    assert begun[3] is None  # until one of the three has ended
    assert len({cell.variant for cell in begun[:3]}) == 3


def test_a_line_torn_by_a_kill_is_cut_off(tmp_path):
    sweep, ledger = tpe(tmp_path, trials=4), Ledger(tmp_path / "s")
    begun = go(sweep, ledger, until=2)
    journal = tmp_path / "s" / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code": 4, "wor')
    cut_torn_line(journal)
    assert journal.read_bytes() == whole
    journal.write_bytes(whole + b'{"op_code": 4, "wor')
    assert len(go(sweep, ledger)) == 4 - len(begun)


def test_a_damaged_journal_is_named(tmp_path):
    sweep = tpe(tmp_path)
    (tmp_path / JOURNAL).write_bytes(b"no journal\n" * 3)
    with pytest.raises(IntegrityError, match="is damaged"):
        open_study(sweep, tmp_path)


def test_nothing_is_known_before_the_search_has_begun(tmp_path):
    assert settings_tried(tpe(tmp_path), tmp_path / "s") == []
    assert not (tmp_path / "s").exists()


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"pip install 'handgrad\[optuna\]'"):
        open_study(tpe(tmp_path), tmp_path)
    assert not (tmp_path / optuna_search.JOURNAL).exists()


def test_the_journal_is_not_written_through_a_link(tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_text("one line\nand half")
    (tmp_path / "journal.log").symlink_to(precious)
    with pytest.raises(RunError, match=r"journal\.log is a link"):
        cut_torn_line(tmp_path / "journal.log")
    assert precious.read_text() == "one line\nand half"
