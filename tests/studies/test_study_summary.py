import pytest

from handgrad.studies.claims import Term
from handgrad.studies.study_summary import metric_of, summarize
from handgrad.studies.trials import Cell, Trial


def trial(seed):
    return Trial({"kind": "training", "seed": seed})


CELLS = [Cell("r", v, trial(s)) for v, s in (("a", 0), ("a", 1), ("b", 2), ("c", 3))]


def done(accuracy, curve=()):
    metrics = {"test_accuracy": accuracy}
    return {"status": "done", "metrics": metrics, "curves": {"train_loss": list(curve)}}


OUTCOMES = {
    trial(0).key: done(0.5, [3.0, 2.0]),
    trial(1).key: done(0.7, [4.0, 1.0]),
    trial(2).key: {"status": "diverged", "reason": "NaN.", "metrics": {}},
}


def test_mean_spread_and_count():
    found = summarize(Term("test_accuracy", "a"), CELLS, OUTCOMES)
    assert found.mean == pytest.approx(0.6)
    assert found.spread == pytest.approx(0.02**0.5)
    assert found.values == (0.5, 0.7)


def test_an_epoch_is_read_from_the_curve():
    found = summarize(Term("train_loss", "a", 1), CELLS, OUTCOMES)
    assert found.values == (3.0, 4.0)


def test_a_single_seed_has_no_spread():
    found = summarize(Term("test_accuracy", "a"), CELLS[:1], OUTCOMES)
    assert (found.mean, found.spread) == (0.5, None)


def test_a_trial_has_a_number_or_none():
    diverged = OUTCOMES[trial(2).key]
    assert metric_of("test_accuracy", done(0.5)) == 0.5
    assert metric_of("test_accuracy", diverged) is None
    assert [metric_of("diverged", o) for o in (done(0.5), diverged)] == [0.0, 1.0]
    assert metric_of("diverged", {**diverged, "status": "crashed"}) is None


def test_divergence_is_a_number_as_well():
    assert summarize(Term("diverged", "b"), CELLS, OUTCOMES).values == (1.0,)
    assert summarize(Term("diverged", "a"), CELLS, OUTCOMES).values == (0.0, 0.0)


@pytest.mark.parametrize(
    ("term", "why"),
    [
        (Term("test_accuracy", "b"), "diverged: NaN."),
        (Term("test_accuracy", "c"), "not run"),
        (Term("diverged", "c"), "not run"),
        (Term("test_accuracy", "d"), "not part of this size"),
        (Term("test_f1", "a"), "there is no metric test_f1"),
        (Term("train_loss", "a", 3), "train_loss has 2 epochs, not 3"),
    ],
)
def test_a_summary_without_values_has_a_reason(term, why):
    found = summarize(term, CELLS, OUTCOMES)
    assert not found
    assert found.why == why
