import csv
from io import StringIO

from handgrad.reports.figures import Figures
from handgrad.reports.points import Point
from handgrad.reports.row_views import View
from handgrad.reports.sizes import _says_something, size_figures
from handgrad.studies.study_summary import Summary

from .views import view_of


def test_curves_and_metrics_are_drawn_with_their_data(done):
    figures = Figures()
    shown = size_figures(view_of(done), figures)
    assert len(shown) == 4
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
    assert shown[0]["caption"] == "Mean of 2 seeds; the band is the range over seeds."
    assert shown[-1]["caption"].endswith("◇: published.")
    assert "published: 0.5000" in shown[-1]["drawing"]


def test_published_numbers_belong_to_the_full_size_alone(done):
    shown = size_figures(view_of(done, "quick"), Figures())
    drawn = "".join(one["drawing"] + one["caption"] for one in shown)
    assert "published" not in drawn


def test_metrics_that_are_the_same_for_all_are_not_drawn():
    same = Point("a", Summary((1.0,))), Point("b", Summary((1.0,)))
    assert not _says_something(same)
    assert _says_something([Point("a", Summary((1.0,)), 2.0), same[1]])
    assert _says_something([Point("a", Summary((2.0,))), same[1]])
    assert not _says_something([Point("a", Summary(why="not run"), 2.0)])


def test_nothing_to_draw_is_nothing(done, tmp_path):
    view = view_of(done)
    nothing = View("r1", "full", view.experiment, view.cells, {}, view.ledger)
    assert size_figures(nothing, Figures()) == []
    assert nothing.ended == []
