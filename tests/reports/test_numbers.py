from handgrad.reports.numbers import lost_trials, numbers_table
from handgrad.reports.row_views import View

from .pages import part
from .views import view_of


def test_every_variant_has_its_numbers(done):
    view = view_of(done)
    page = part("numbers_table", numbers_table(view))
    assert [a["role"] for a in page.all("th")].count("rowheader") == 3
    assert "diverged: " in page.text


def test_seeds_that_are_not_there_yet_are_counted(done):
    view = view_of(done)
    first = {view.cells[0].trial.key: view.outcomes[view.cells[0].trial.key]}
    some = View("r1", "full", view.experiment, view.cells, first, view.ledger)
    text = part("numbers_table", numbers_table(some)).text
    assert text.count("(1 of 2 seeds)") == 5
    assert text.count("not run") == 2 * 5


def test_trials_without_numbers_say_why(done):
    first, second = lost_trials(view_of(done))
    assert first[0] == "learning rate 1e+30 seed 0"
    assert second[0] == "learning rate 1e+30 seed 1"
    assert second[1].startswith("diverged. ")
    assert lost_trials(view_of(done, "quick"))
