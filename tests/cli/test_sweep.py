import json
import sys

import pytest

from handgrad.sweeps.random_search import drawn
from sweeps.small import RATE, fill, sweep_of, write


def test_from_the_first_trial_to_the_figures(handgrad, tmp_path):
    write(tmp_path, "trials = 1\nseeds = [0]", parameters=(RATE,))
    first = handgrad("sweep rates.toml --workers 1 --folder out")
    assert first.code == 0, first.err
    assert "  1 of 1  rates learning_rate=" in first.err
    assert "Nothing to compare: 1 settings have all their numbers." in first.out
    assert "tables and figures are in out\n" in first.out
    grown = handgrad("sweep rates.toml --trials 2 --folder out --json")
    assert grown.code == 0, grown.err
    assert grown.err.startswith("1 trials are done already; 1 to do.\n")
    results = json.loads(grown.out.splitlines()[-1])
    assert len(results["settings"]) == 2
    assert "3 seeds each are the fewest that say anything, got 1" in results["verdict"]
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == results
    again = handgrad("sweep rates.toml --trials 2 --folder out --quiet")
    assert (again.code, again.err) == (0, "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("rates.toml --trials -1", "sweep.trials"),
        ("rates.toml --trials 0", "sweep.trials"),
        ("rates.toml --seeds 1,x", "Write it like --seeds 0,1,2."),
        ("rates.toml --seeds 3,3", "has a seed twice"),
        (
            "rates.toml --jobs 0",
            "A run of trials takes jobs as a whole number from 1 up",
        ),
        ("rates.toml --backend dask", "--address tcp://host:8786"),
        ("none.toml", "none.toml cannot be read"),
    ],
)
def test_mistakes_are_one_sentence(refused, tmp_path, words, sentence):
    write(tmp_path)
    assert sentence in refused(f"sweep {words}")


def test_a_value_that_an_option_cannot_take_is_refused_at_once(refused, tmp_path):
    write(tmp_path, parameters=('"model.activations" = ["relu", "rleu"]',))
    assert "activations=rleu: There is no activation named 'rleu'. Did you mean" in (
        refused("sweep rates.toml")
    )


def test_a_missing_extra_is_one_sentence(refused, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    write(tmp_path, 'method = "tpe"')
    assert "pip install 'handgrad[optuna]'" in refused("sweep rates.toml")


def test_a_number_that_the_trial_itself_does_not_have_ends_the_sweep(refused, tmp_path):
    sweep = sweep_of(tmp_path, "trials = 2\nseeds = [0]", parameters=(RATE,))
    ledger = fill(sweep, drawn(sweep), tmp_path / "out", lambda place, seed: place / 2)
    entry = ledger.entries / f"{sweep.cells(drawn(sweep)[0])[0].trial.key}.json"
    changed = json.loads(entry.read_text())
    changed["metrics"]["test_accuracy"] = 0.75
    entry.write_text(json.dumps(changed))
    said = refused("sweep rates.toml --folder out")
    assert "disagree: metrics.test_accuracy is 0.75 and 0.0" in said
    assert entry.name in said
