import csv
from io import StringIO

from handgrad.reports.figures import Figures
from handgrad.reports.sizes import (
    View,
    lost_trials,
    metrics_of,
    numbers_table,
    size_figures,
)

from .pages import Page


def view_of(done, size="full"):
    (experiment,) = done.study.experiments.values()
    cells = done.study.cells(size)
    return View("r1", size, experiment, cells, done.ledger.outcomes(), done.ledger)


def test_curves_and_metrics_are_drawn_with_their_data(done):
    figures = Figures()
    page = Page(size_figures(view_of(done), figures))
    assert len(page.all("figure")) == 4
    assert set(figures.files) == {
        f"r1-full-{name}.{ending}"
        for name in (
            "train_loss",
            "validation_loss",
            "validation_accuracy",
            "test_accuracy-by-variant",
        )
        for ending in ("svg", "csv")
    }
    rows = list(csv.reader(StringIO(figures.files["r1-full-train_loss.csv"])))
    assert len(rows) == 1 + 2 * 3  # two rates that end, three epochs
    outcome = done.ledger.outcomes()[done.study.cells("full")[0].trial.key]
    assert float(rows[1][5]) == outcome["curves"]["train_loss"][0]
    assert "Mean of 2 seeds; band from the lowest to the highest." in page.text
    assert "published" in page.text


def test_published_numbers_belong_to_the_full_size_alone(done):
    page = Page(size_figures(view_of(done, "quick"), Figures()))
    assert "published" not in page.text


def test_nothing_to_draw_is_nothing(done, tmp_path):
    view = view_of(done)
    nothing = View("r1", "full", view.experiment, view.cells, {}, view.ledger)
    assert size_figures(nothing, Figures()) is None
    assert lost_trials(nothing) is None
    assert nothing.ended == []


def test_the_published_metrics_come_first_then_those_of_the_findings(done):
    view = view_of(done)
    assert metrics_of(view) == [("test_accuracy", None)]
    open_ended = view.experiment.model_copy(update={"published": ()})
    other = View("r1", "full", open_ended, view.cells, view.outcomes, view.ledger)
    assert metrics_of(other) == [("train_loss", None)]


def test_every_variant_has_its_numbers(done):
    view = view_of(done)
    page = Page(numbers_table(view))
    assert [a["role"] for a in page.all("th")].count("rowheader") == 3
    assert "diverged: " in page.text


def test_trials_without_numbers_say_why(done):
    page = Page(lost_trials(view_of(done)))
    assert len(page.all("li")) == 2
    assert "learning rate 1e+30 seed 1 : diverged. " in page.text
