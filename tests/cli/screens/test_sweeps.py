import pytest

from handgrad.cli.screens.sweeps import follow, show_results
from handgrad.studies.runner import Advanced, Ended
from handgrad.sweeps.random_search import drawn
from handgrad.sweeps.sweep_results import results_of
from sweeps.small import fill, outcome, sweep_of


@pytest.fixture
def filled(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 14")
    return sweep, fill(
        sweep, drawn(sweep), tmp_path / "s", lambda p, s: p / 200 + s / 99
    )


def test_trials_are_shown_as_they_come(filled, capsys):
    sweep, _ = filled
    cells = sweep.cells(drawn(sweep)[0])
    made = outcome(cells[0], 0.5)
    events = [Advanced(cells[0], 1), Ended(cells[0], made)]
    assert follow(iter(events), cells, before=2, quiet=False) == events
    err = capsys.readouterr().err
    assert err.startswith("2 trials are already done; 3 to do.\n")
    assert "  1 of 3  rates learning_rate=" in err
    follow(iter(events), cells, before=2, quiet=True)
    assert capsys.readouterr().err == ""


def test_the_best_are_shown_and_what_is_said_of_them(filled, capsys):
    results = results_of(*filled)
    show_results(results)
    out = capsys.readouterr().out
    assert out.count("learning_rate=0") >= 10
    assert "4 more settings: see trials.csv." in out
    assert results["verdict"] in out
    count = len(results["as_good"])
    assert f"The best {count} settings do not differ significantly." in out
    assert "Test accuracy of the best setting: 0.0376 ± 0.0051." in out
    assert "decrease of R²; out-of-bag R²" in out
