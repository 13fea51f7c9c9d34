import pytest

from handgrad.datasets.sources import SOURCES
from handgrad.studies.experiment import Finding, Published
from handgrad.studies.trials import Cell, Trial
from handgrad.studies.verdicts import decide, judge

CONFIG = {"dataset": {"name": "mnist"}, "training": {"epochs": 1}}
CELLS = [
    Cell("r", "main", Trial({"kind": "training", "seed": s, "config": CONFIG}))
    for s in (0, 1)
]


def outcomes(*values, **more):
    return {
        cell.trial.key: {"status": "done", "metrics": {"test_loss": value}, **more}
        for cell, value in zip(CELLS, values, strict=False)
    }


def published(**settings):
    usual = {"name": "n", "metric": "test_loss", "source": "s", "epsilon": 0.1}
    return Published(**{**usual, "value": 0.5, **settings})


@pytest.mark.parametrize(
    ("kind", "ours", "verdict"),
    [
        ("accuracy", 0.59, "reproduced"),
        ("accuracy", 0.41, "reproduced"),
        ("accuracy", 0.61, "better"),
        ("accuracy", 0.39, "below"),
        ("loss", 0.39, "better"),
        ("loss", 0.61, "below"),
        ("value", 0.39, "below"),
        ("value", 0.61, "below"),
        ("value", 0.5, "reproduced"),
    ],
)
def test_verdicts_over_the_mean_of_the_seeds(kind, ours, verdict):
    found = outcomes(ours - 0.3, ours + 0.3)
    assert judge(published(kind=kind), CELLS, found).verdict == verdict


@pytest.mark.parametrize(("apart", "is_luck"), [(0.3, True), (0.05, False)])
def test_a_large_spread_may_explain_a_difference(apart, is_luck):
    found = outcomes(0.7 - apart, 0.7 + apart)
    row = judge(published(kind="loss"), CELLS, found)
    assert row.verdict == "below"
    assert ("two standard deviations" in row.why) == is_luck


def test_a_missing_seed_means_not_run():
    row = judge(published(), CELLS, outcomes(0.5))
    assert (row.verdict, row.why) == ("not run", "not run")


DIVERGED = {"status": "diverged", "reason": "Step 3 ...", "metrics": {}}


def test_a_diverged_seed_means_below_whatever_the_others_give():
    first, second = (cell.trial.key for cell in CELLS)
    row = judge(published(), CELLS, {**outcomes(0.5), second: DIVERGED})
    assert (row.verdict, row.why) == ("below", "diverged with seed 1")
    assert row.ours.values == (0.5,)  # of the seeds that have one
    row = judge(published(), CELLS, {first: DIVERGED, second: DIVERGED})
    assert (row.verdict, row.why) == ("below", "diverged with seeds 0, 1")
    assert not row.ours
    for others in ({}, {first: {**DIVERGED, "status": "crashed"}}):
        row = judge(published(), CELLS, {**others, second: DIVERGED})
        assert row.verdict == "not run"


def test_a_number_that_is_not_comparable_has_a_reason():
    row = judge(published(not_comparable="another split"), CELLS, outcomes(0.5, 0.5))
    assert (row.verdict, row.why) == ("not comparable", "another split")
    assert row.ours.mean == 0.5  # shown nevertheless


def test_other_images_are_not_compared():
    original = SOURCES["mnist"].checksum
    same = outcomes(0.5, 0.5, dataset_sha256=original)
    assert judge(published(), CELLS, same).verdict == "reproduced"
    row = judge(published(), CELLS, outcomes(0.5, 0.5, dataset_sha256="other"))
    assert row.verdict == "not comparable"
    assert row.why == "the images of mnist are not the original ones"


def finding(holds):
    return Finding(says="so", holds=holds)


def test_findings_are_decided_by_the_means():
    found = outcomes(0.2, 0.6)
    result = decide(finding("test_loss() > 0.3"), CELLS, found)
    assert result.holds is True
    assert result.values == (pytest.approx(0.4), 0.3)
    assert decide(finding("test_loss() > 0.5"), CELLS, found).holds is False


def test_a_finding_without_its_trials_is_unknown():
    result = decide(finding("test_loss() > 0.3"), CELLS, outcomes(0.5))
    assert result.holds is None
    assert result.why == "test_loss(): not run"
