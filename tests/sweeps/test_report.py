import csv
import json

import pytest

from handgrad.studies.ledger import FAILED, Ledger
from handgrad.sweeps.grid_search import grid
from handgrad.sweeps.random_search import drawn
from handgrad.sweeps.report import against, markdown, write_report
from handgrad.sweeps.sweep_results import results_of
from handgrad.text import printable

from .small import FLIPS, fill, outcome, sweep_of


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Ten settings of which the later are the better, with all files."""
    folder = tmp_path_factory.mktemp("report")
    sweep = sweep_of(folder, "trials = 10")
    ledger = fill(sweep, drawn(sweep), folder / "s", lambda p, s: p / 10 + s / 100)
    return sweep, ledger, write_report(sweep, ledger)


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_figures_come_as_pictures_and_as_numbers(written):
    _, ledger, results = written
    assert results["figures"] == ["parallel", "importance", "curves"]
    for name in results["figures"]:
        svg = (ledger.folder / "figures" / f"{name}.svg").read_text()
        assert svg.rstrip().endswith("</svg>")
        png = (ledger.folder / "figures" / f"{name}.png").read_bytes()
        assert png.startswith(b"\x89PNG")
    settings = rows_of(ledger.folder / "figures" / "parallel.csv")
    assert float(settings[0]["mean_validation_accuracy"]) == pytest.approx(0.91)
    curves = rows_of(ledger.folder / "figures" / "curves.csv")
    assert len(curves) == 10 * 3 * 2
    parameters = rows_of(ledger.folder / "figures" / "importance.csv")
    assert len(parameters) == 2


def test_the_table_of_trials_has_every_trial(written):
    sweep, ledger, _ = written
    rows = rows_of(ledger.folder / "trials.csv")
    assert len(rows) == 30
    best = sweep.cells(drawn(sweep)[9])[0]
    assert rows[0]["key"] == best.trial.key
    assert float(rows[0]["validation_accuracy"]) == 0.9


def test_tables_of_values_are_json(tmp_path):
    sweep = sweep_of(tmp_path, 'method = "grid"', parameters=(FLIPS,))
    ledger = fill(sweep, grid(sweep), tmp_path / "s", lambda p, s: p / 10 + s / 100)
    results = write_report(sweep, ledger)
    names = [row["name"] for row in results["settings"]]
    assert names == ["augmentation=random_flip", "augmentation=none"]
    rows = rows_of(ledger.folder / "trials.csv")
    assert json.loads(rows[0]["dataset.augmentation"]) == [{"name": "random_flip"}]


def test_the_report_says_what_was_found(written):
    _, ledger, results = written
    text = (ledger.folder / "report.md").read_text()
    assert json.loads((ledger.folder / "results.json").read_text()) == results
    assert results["verdict"] in text
    best = results["settings"][0]["name"]
    assert f"| {best} | 0.9100 | 0.0100 | 3 | the best |" in text
    assert "](figures/parallel.svg)" in text
    assert "(test images were not used for selection): 0.4550" in text
    assert "decrease of R2 when the values of a parameter are permuted" in text


def test_differences_that_are_not_significant_are_marked():
    row = {"against_best": {"difference": 0.01, "low": None}}
    assert against(row) == "+0.0100, too few seeds"
    row = {"against_best": {"low": -0.01, "high": 0.02, "is_told": False}}
    assert against(row) == "-0.0100 to +0.0200: not significant"
    row = {"against_best": {"low": 0.01, "high": 0.02, "is_told": True}}
    assert against(row) == "+0.0100 to +0.0200"


def test_an_empty_sweep_has_a_report_without_figures(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 25")
    ledger = Ledger(tmp_path / "s")
    text = markdown({**results_of(sweep, ledger), "figures": []})
    assert text.count("| not run |") == 20
    assert "5 more in trials.csv" in text
    assert "No hyperparameter importance: 0 settings" in text
    assert "Test accuracy" not in text


def test_the_report_says_why_a_setting_has_no_mean(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 2")
    ledger = fill(sweep, drawn(sweep), tmp_path / "s", lambda p, s: p / 10 + s / 100)
    cell = sweep.cells(drawn(sweep)[0])[1]
    made = outcome(cell, 0.9, status=FAILED, reason="(28, 28) | too small.")
    ledger.record(cell.trial.key, made)
    text = markdown({**results_of(sweep, ledger), "figures": []})
    assert "| | | 2 | failed: (28, 28) \\| too small. |" in text


def test_the_report_contains_no_control_characters_or_tags(written):
    _, _, results = written
    odd = "\x1b[31m\u202e<b>"
    changed = {
        "verdict": results["verdict"] + odd,
        "other_data": {"a": 1},
        "changes_of_data": {"a": odd},
        "importance": {"why": odd},
        "metric": results["metric"] + odd,
        "method": odd,
        "direction": odd,
    }
    text = markdown({**results, **changed})
    assert printable(text) == text
    assert "<b>" not in text
