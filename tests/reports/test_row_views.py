from handgrad.reports.row_views import View, metrics_of
from handgrad.studies.claims import Term

from .views import view_of


def test_a_view_knows_its_variants_and_what_has_ended(done):
    view = view_of(done)
    assert len(view.variants) == 3
    assert len(view.ended) == len(view.cells) == 6
    ended, count = view.seeds_of(view.variants[0])
    assert [cell.trial.seed for cell in ended] == [0, 1]
    assert count == 2


def test_a_metric_is_known_over_the_seeds_that_are_there(done):
    view = view_of(done)
    key = view.cells[0].trial.key
    first = {key: view.outcomes[key]}
    some = View("r1", "full", view.experiment, view.cells, first, view.ledger)
    term = Term("test_accuracy", view.variants[0])
    assert some.known(term).values == (first[key]["metrics"]["test_accuracy"],)
    assert len(view.known(term).values) == 2
    assert some.known(Term("test_accuracy", view.variants[1])).why == "not run"


def test_the_published_metrics_come_first_then_those_of_the_findings(done):
    view = view_of(done)
    assert metrics_of(view) == [("test_accuracy", None)]
    open_ended = view.experiment.model_copy(update={"published": ()})
    other = View("r1", "full", open_ended, view.cells, view.outcomes, view.ledger)
    assert metrics_of(other) == [("train_loss", None)]
