import pytest

from handgrad.studies.ledger import DIVERGED, DONE, Ledger
from handgrad.sweeps.random_search import drawn
from handgrad.sweeps.report import markdown
from handgrad.sweeps.sweep import read_sweep
from handgrad.sweeps.sweep_results import results_of, settings_of, tried, verdict

from .small import WIDTH, fill, outcome, sweep_of, write

LEVELS = (0.5, 0.9, 0.7, 0.89)


def value(place, seed):
    return LEVELS[place] + (0.03, 0.0, -0.02)[seed]


@pytest.fixture
def four(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 4")
    return sweep, fill(sweep, drawn(sweep), tmp_path / "s", value)


def test_the_best_comes_first_and_who_is_as_good_is_said(four):
    sweep, ledger = four
    names = [setting.name for setting in drawn(sweep)]
    results = results_of(sweep, ledger)
    assert [row["name"] for row in results["settings"]] == [
        names[place] for place in (1, 3, 2, 0)
    ]
    best, second, third, _ = results["settings"]
    assert best["mean"] == pytest.approx(0.9 + 0.01 / 3)
    assert best["spread"] == pytest.approx(0.02517, abs=1e-5)
    assert (best["against_best"], best["status"]) == (None, DONE)
    assert not second["against_best"]["is_told"]
    assert third["against_best"]["is_told"]
    assert results["as_good"] == [best["name"], second["name"]]
    assert f"seeds to distinguish {best['name']}" in results["verdict"]
    assert results["tested"]["mean"] == pytest.approx(best["mean"] / 2)
    assert results["seconds"] == 12.0


def test_of_a_loss_the_smallest_is_the_best(tmp_path):
    sweep = sweep_of(tmp_path, 'trials = 4\nmetric = "validation_loss"')
    ledger = Ledger(tmp_path / "s")
    for place, setting in enumerate(drawn(sweep)):
        for cell in sweep.cells(setting):
            loss = value(place, cell.trial.seed)
            ledger.prepare(cell.trial)
            made = outcome(cell, loss, metric="validation_loss")
            ledger.record(cell.trial.key, made)
    assert [one.setting for one in tried(sweep, ledger)] == [
        drawn(sweep)[place] for place in (0, 2, 3, 1)
    ]


def test_a_setting_that_lacks_a_seed_is_not_ranked(four):
    sweep, ledger = four
    best = sweep.cells(drawn(sweep)[1])
    ledger.forget(best[0].trial.key)
    other = sweep.cells(drawn(sweep)[3])
    made = outcome(other[2], 0.9, status=DIVERGED, reason="NaN.", metrics={})
    ledger.record(other[2].trial.key, made)
    rows = results_of(sweep, ledger)["settings"]
    assert [row["status"] for row in rows] == [DONE, DONE, "not run", DIVERGED]
    assert rows[3]["why_not"] == "diverged: NaN."
    assert rows[3]["by_seed"] == [0.92, 0.89, None]  # in the order of `seeds`
    assert rows[2]["by_seed"][0] is None


def test_divergence_is_a_metric_of_its_own(tmp_path):
    sweep = sweep_of(tmp_path, 'trials = 2\nmetric = "diverged"')
    ledger = fill(sweep, drawn(sweep), tmp_path / "s", value)
    worse = sweep.cells(drawn(sweep)[0])[1]
    made = outcome(worse, 0.9, status=DIVERGED, reason="NaN.", metrics={})
    ledger.record(worse.trial.key, made)
    results = results_of(sweep, ledger)
    best, last = results["settings"]
    assert (best["by_seed"], best["mean"]) == ([0.0, 0.0, 0.0], 0)
    assert (last["by_seed"], last["status"]) == ([0.0, 1.0, 0.0], DONE)
    assert last["name"] == drawn(sweep)[0].name
    assert "seeds to distinguish" in results["verdict"]


def test_the_test_accuracy_is_that_of_all_seeds_or_none(tmp_path):
    sweep = sweep_of(tmp_path, 'trials = 1\nmetric = "diverged"')
    ledger = fill(sweep, drawn(sweep), tmp_path / "s", value)
    assert len(results_of(sweep, ledger)["tested"]["by_seed"]) == 3
    cell = sweep.cells(drawn(sweep)[0])[1]
    made = outcome(cell, 0.9, status=DIVERGED, reason="NaN.", metrics={})
    ledger.record(cell.trial.key, made)
    assert results_of(sweep, ledger)["tested"] is None


def test_before_anything_was_run_there_is_nothing_to_compare(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 4")
    results = results_of(sweep, Ledger(tmp_path / "s"))
    assert (
        results["verdict"]
        == verdict([])
        == ("Nothing to compare: no setting is complete.")
    )
    assert results["tested"] is None
    assert results["as_good"] == []


def test_each_method_has_its_settings(tmp_path):
    grid = '"model.hidden_sizes" = [[8], [16]]'
    sweep = sweep_of(tmp_path, 'method = "grid"', parameters=(grid,))
    assert len(settings_of(sweep, tmp_path)) == 2
    assert len(settings_of(sweep_of(tmp_path, "trials = 3"), tmp_path)) == 3
    assert settings_of(sweep_of(tmp_path, 'method = "tpe"'), tmp_path) == []


def test_a_search_says_when_its_space_has_too_few_settings(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 5", parameters=(WIDTH,))
    results = {**results_of(sweep, Ledger(tmp_path / "s")), "figures": []}
    said = "Only 3 different settings were found in the search space, of 5 trials."
    assert results["exhausted"] == said
    assert said in markdown(results)
    enough = sweep_of(tmp_path, "trials = 3", parameters=(WIDTH,))
    assert results_of(enough, Ledger(tmp_path / "s"))["exhausted"] == ""


def test_a_real_sweep_has_all_its_numbers(done):
    results = results_of(done.sweep, done.ledger)
    assert all(0 <= row["mean"] <= 1 for row in results["settings"])
    assert "at least 3 seeds each" in results["verdict"]
    assert results["tested"]["by_seed"]


def test_instruction_sets_of_its_trials_are_counted_and_named(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 2\nseeds = [0]")
    ledger = fill(sweep, drawn(sweep), tmp_path / "s", lambda place, seed: 0.5)
    keys = [cell.trial.key for one in drawn(sweep) for cell in sweep.cells(one)]
    for key, name in zip(keys, ("avx2", "avx512"), strict=True):
        made = ledger.outcome(key)
        made["environment"]["instruction_set"] = name
        ledger.record(key, made)
    results = results_of(sweep, ledger)
    assert results["instruction_sets"] == {"avx2": 1, "avx512": 1}
    assert "1 with avx2, 1 with avx512" in markdown({**results, "figures": []})


def test_all_trials_of_a_file_may_have_one_instruction_set(tmp_path):
    path, sweep = write(tmp_path), sweep_of(tmp_path)
    path.write_text('isa = "avx2"\n' + path.read_text())
    held = read_sweep(path)
    first = drawn(sweep)[0]
    assert held.cells(first)[0].trial.tables["isa"] == "avx2"
    assert "isa" not in sweep.cells(first)[0].trial.tables
    assert held.identity != sweep.identity
