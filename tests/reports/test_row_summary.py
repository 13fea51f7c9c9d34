from handgrad.reports.row_summary import (
    essence,
    findings_words,
    published_words,
    ranking_words,
    time_left,
)
from handgrad.reports.row_views import View
from handgrad.studies.experiment import Experiment
from handgrad.studies.ledger import Ledger

from .cells import outcomes


def view(tmp_path, numbers, metric="test_accuracy"):
    cells, ended = outcomes(numbers, metric)
    experiment = Experiment(question="Why?")
    return View("r1", "full", experiment, cells, ended, Ledger(tmp_path))


def test_verdicts_and_findings_are_counted():
    verdicts = ["reproduced", "below", "reproduced"]
    published = [{"verdict": verdict} for verdict in verdicts]
    assert published_words(published) == (
        "Published numbers: 2 of 3 reproduced, 1 below."
    )
    assert published_words([]) == ""
    assert findings_words([True, True]) == "Findings: 2 of 2 hold."
    assert findings_words([None, False]) == "Findings: 1 of 2 do not hold, 1 not known."


def test_a_finding_that_fails_is_named(tmp_path):
    findings = [{"holds": False, "says": "Water burns"}, {"holds": True, "says": "x"}]
    row = {"sizes": {"full": {"findings": findings}}, "published": []}
    assert essence(row, view(tmp_path, {"a": (1.0,)})) == (
        "Findings: 1 of 2 hold, 1 do not hold. Does not hold: Water burns."
    )


def test_the_best_variant_is_named_and_whether_ranges_overlap(tmp_path):
    numbers = {"a=1": (0.8, 0.9), "a=2": (0.7, 0.75), "a=3": (0.1, 0.2)}
    assert ranking_words(view(tmp_path, numbers)) == (
        "Highest test accuracy: a 1, 0.8500 ± 0.0707; next: 2, 0.7250 ± 0.0354; "
        "the ranges over seeds do not overlap."
    )
    numbers["a=2"] = (0.7, 0.85)
    assert "over seeds overlap" in ranking_words(view(tmp_path, numbers))


def test_of_losses_the_lowest_is_best(tmp_path):
    numbers = {"a": (2.5,), "b": (0.5,)}
    words = ranking_words(view(tmp_path, numbers, "validation_loss"))
    assert words == (
        "Lowest validation loss: b, 0.5000; next: a, 2.5000; with one seed, this may "
        "be chance."
    )


def test_other_metrics_have_no_best_variant(tmp_path):
    assert ranking_words(view(tmp_path, {"a": (1,), "b": (2,)}, "parameters")) == ""
    assert ranking_words(view(tmp_path, {"a": (1,)})) == ""


def test_the_trials_left_are_given_with_their_time(tmp_path):
    sizes = {"full": {"estimate": {"trials": 2, "seconds": 400.0}, "findings": []}}
    row = {"sizes": sizes, "published": [{"verdict": "reproduced"}]}
    assert (
        time_left(sizes["full"], "full") == "Full size: 2 trials to do, about 6.7 min."
    )
    nothing = view(tmp_path, {})
    assert essence(row, nothing).startswith("Not run. Full size: 2 trials to do")
    sizes["full"]["estimate"] = {"trials": 1, "seconds": None}
    assert "time unknown" in time_left(sizes["full"], "full")
    sizes["full"]["estimate"] = {"trials": 0, "seconds": 0}
    assert time_left(sizes["full"], "full") == ""
    assert essence(row, view(tmp_path, {"a": (1.0,)})) == (
        "Published numbers: 1 of 1 reproduced."
    )
