import shutil
from contextlib import closing

import pytest

from handgrad.errors import ConfigError
from handgrad.studies.ledger import DONE, PRUNED, Ledger
from handgrad.studies.processes import LocalProcesses
from handgrad.studies.runner import Begun, Ended, run_plan
from handgrad.sweeps.random_search import drawn
from handgrad.sweeps.run_sweep import (
    all_cells,
    cells_ahead,
    check,
    look_at_data,
    run_sweep,
)
from handgrad.sweeps.sweep import read_sweep
from handgrad.sweeps.sweep_results import results_of
from studies.test_contents import pictures

from .small import RATE, fill, outcome, sweep_of, write


def test_every_seed_of_every_setting_is_run(done):
    ended = [event for event in done.events if isinstance(event, Ended)]
    assert [event.outcome["status"] for event in ended] == [DONE] * 4
    assert cells_ahead(done.sweep, done.ledger) == []


def test_a_sweep_that_has_grown_runs_its_new_trials_alone(done, tmp_path):
    ledger = Ledger(shutil.copytree(done.ledger.folder, tmp_path / "sweep"))
    text = "trials = 3\nseeds = [0, 1, 2]"
    grown = sweep_of(tmp_path, text, parameters=(RATE,))
    ahead = cells_ahead(grown, ledger)
    assert len(ahead) == 9 - 4
    assert not {c.trial.key for c in ahead} & {
        c.trial.key for c in all_cells(done.sweep, ledger)
    }


def test_what_was_pruned_by_another_search_comes_to_its_end(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 2\nseeds = [0]", parameters=(RATE,))
    ledger = Ledger(tmp_path / "s")
    cell, other = all_cells(sweep, ledger)
    for one, status in ((cell, PRUNED), (other, DONE)):
        ledger.prepare(one.trial)
        ledger.record(one.trial.key, outcome(one, 0.5, status=status))
    assert cells_ahead(sweep, ledger) == [cell]


@pytest.mark.slow
def test_a_killed_tree_search_goes_on(tmp_path):
    pytest.importorskip("optuna")
    text = 'method = "tpe"\ntrials = 2\nseeds = [0, 1]'
    sweep = sweep_of(tmp_path, text, parameters=(RATE,))
    ledger, backend = Ledger(tmp_path / "s"), LocalProcesses(workers=1)
    assert len(cells_ahead(sweep, ledger)) == 4
    with closing(run_sweep(sweep, backend, ledger)) as events:
        first = next(event.cell for event in events if isinstance(event, Ended))
    assert len(cells_ahead(sweep, ledger)) == 3
    backend = LocalProcesses(workers=1)
    events = list(run_sweep(sweep, backend, ledger))
    begun = [event.cell for event in events if isinstance(event, Begun)]
    assert len(begun) == 3
    assert begun[0].variant == first.variant  # its other seed, and then the next
    assert len(ledger.outcomes()) == 4
    assert cells_ahead(sweep, ledger) == []


@pytest.mark.slow
def test_a_pruned_trial_is_ended_and_entered(tmp_path):
    pytest.importorskip("optuna")
    from handgrad.sweeps.optuna_search import TreeSearch

    text = 'method = "tpe"\ntrials = 5\nseeds = [0]\npruning = "median"'
    good = '"optimizer.learning_rate" = { low = 0.2, high = 0.4 }'
    before = sweep_of(tmp_path, text, parameters=(good,), epochs=300)
    ledger = Ledger(tmp_path / "s")

    def plan():
        made = TreeSearch(before, ledger)
        for _ in range(4):  # four that were good all along
            cell = made.next()
            for epoch in range(1, 300):
                made.why_end(cell, {"epoch": epoch, "validation_accuracy": 0.99})
            made.take(cell, outcome(cell, 0.99))
        return made

    events = list(run_plan(LocalProcesses(workers=1), plan, ledger))
    (ended,) = (event for event in events if isinstance(event, Ended))
    assert ended.outcome["status"] == PRUNED
    curve = ended.outcome["curves"]["validation_accuracy"]
    assert 2 <= len(curve) < 300
    assert ledger.outcome(ended.cell.trial.key) == ended.outcome


@pytest.mark.parametrize("method", ["grid", "random", "tpe"])
def test_a_setting_that_cannot_be_is_refused_before_anything_runs(tmp_path, method):
    text = f'method = "{method}"'
    for bad in ('"model.dropuot" = [0.5]', '"training.epohcs" = [1, 2]'):
        with pytest.raises(ConfigError, match=r"Did you mean '(dropout|epochs)'"):
            check(sweep_of(tmp_path, text, parameters=(bad,)))
    check(sweep_of(tmp_path, text, parameters=('"model.hidden_sizes" = [[8]]',)))


def test_a_filled_ledger_has_nothing_ahead(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 3")
    ledger = fill(sweep, drawn(sweep), tmp_path / "s", lambda place, seed: 0.5)
    assert cells_ahead(sweep, ledger) == []


@pytest.mark.parametrize("method", ["grid", "tpe"])
def test_a_sweep_on_changed_pictures_counts_none_of_its_old_trials(tmp_path, method):
    if method == "tpe":
        pytest.importorskip("optuna")
    pictures(tmp_path / "pictures")
    trials = "" if method == "grid" else "trials = 2\n"
    rates = '"optimizer.learning_rate" = [0.1, 0.2]'
    text = f'method = "{method}"\n{trials}seeds = [0]\nmetric = "validation_loss"'
    path = write(tmp_path, text, parameters=(rates,), epochs=1)
    text = path.read_text().replace("train_count = 200", "")
    path.write_text(text.replace('"digits"', f'"{tmp_path / "pictures"}"'))
    sweep, seen = read_sweep(path), []
    for seed in (0, 0, 1, 0):
        pictures(tmp_path / "pictures", seed)
        ledger, backend = Ledger(tmp_path / "s"), LocalProcesses(workers=1)
        ended = [
            event.outcome["status"]
            for event in run_sweep(sweep, backend, ledger)
            if isinstance(event, Ended)
        ]
        seen.append((len(ended), results_of(sweep, Ledger(tmp_path / "s"))))
    assert [count for count, _ in seen] == [2, 0, 2, 0]
    first, again, changed, back = (found for _, found in seen)
    assert first == again
    assert changed["settings"] != first["settings"]
    assert list(changed["other_data"].values()) == [2]
    assert back["settings"] == first["settings"]


def test_every_data_set_that_is_varied_is_looked_at(tmp_path):
    for name in "xy":
        pictures(tmp_path / name)
    names = [str(tmp_path / name) for name in "xy"]
    varied = (f'"dataset.name" = {names}', '"dataset.image_size" = [[4, 4], [8, 8]]')
    sweep = sweep_of(tmp_path, 'metric = "seconds"', parameters=varied)
    ledger = Ledger(tmp_path / "s")
    look_at_data(sweep, ledger)
    assert len(ledger.checksums) == 4
    assert all("data" in cell.trial.spec for cell in all_cells(sweep, ledger))
