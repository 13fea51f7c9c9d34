"""Reliability: bins, errors, and the values of a network."""

import json

import numpy as np
import pytest

import handgrad as hg
from handgrad.errors import ConfigError
from handgrad.inspection.reliability import reliability, reliability_of
from handgrad.metrics import probabilities_of


def by_definition(probabilities, targets, bins):
    """Guo et al. (2017), equation 3, image by image; bins are open below."""
    held = [[] for _ in range(bins)]
    for row, target in zip(probabilities, targets, strict=True):
        confidence = max(row)
        number = next(b for b in range(bins) if confidence <= (b + 1) / bins + 1e-15)
        held[number].append((confidence, row.argmax() == target))
    error = 0.0
    for rows in filter(None, held):
        confidence, accuracy = np.mean(rows, axis=0)
        error += len(rows) / len(targets) * abs(accuracy - confidence)
    return [len(rows) for rows in held], error


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_the_error_is_the_definitions(bins):
    draw = np.random.default_rng(bins)
    probabilities = probabilities_of(draw.normal(0, 2, (500, 4)))
    targets = draw.integers(0, 4, 500)
    found = reliability_of(probabilities, targets, bins)
    counts, error = by_definition(probabilities, targets, bins)
    assert found.counts.tolist() == counts
    assert found.expected_calibration_error == pytest.approx(error, abs=1e-12)
    assert found.images == 500


def test_known_values():
    """0.6 confident and always right; 1.0 confident and right once in four."""
    probabilities = np.array([[0.6, 0.4]] * 4 + [[0.0, 1.0]] * 4)
    targets = np.array([0, 0, 0, 0, 1, 0, 0, 0])
    found = reliability_of(probabilities, targets, 10)
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 4, 0, 0, 0, 4]
    assert found.gaps[[5, 9]].tolist() == pytest.approx([0.4, -0.75])
    assert found.expected_calibration_error == pytest.approx((0.4 + 0.75) / 2)
    assert found.maximum_calibration_error == pytest.approx(0.75)


def test_values_table_and_figure_agree():
    probabilities = np.array([[0.6, 0.4]] * 4 + [[0.0, 1.0]] * 4)
    found = reliability_of(probabilities, np.zeros(8, dtype=int), 10, split="test")
    values = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert values["expected_calibration_error"] == found.expected_calibration_error
    assert [row["images"] for row in values["bins"]] == found.counts.tolist()
    assert values["bins"][0]["accuracy"] is None
    assert len(found.table().rows) == 2
    assert "expected calibration error" in str(found.table())
    upper, lower = found.figure().axes
    assert [bar.get_height() for bar in lower.patches] == found.counts.tolist()
    assert upper.patches[5].get_height() == 1.0


def test_a_classifiers_images():
    digits = hg.datasets.load("digits")
    clf = hg.Classifier("softmax_regression", epochs=2)
    clf.fit(digits.train.images, digits.train.targets)
    found = reliability(clf, digits.test.images, digits.test.targets)
    probabilities = clf.predict_proba(digits.test.images)
    assert found.images == len(digits.test)
    assert (found.confidences * found.counts)[found.counts > 0].sum() == pytest.approx(
        probabilities.max(axis=1).sum()
    )


def test_scores_are_no_confidence():
    digits = hg.datasets.load("digits")
    clf = hg.Classifier("softmax_regression", epochs=1, loss="multiclass_svm")
    clf.fit(digits.train.images, digits.train.targets)
    with pytest.raises(ConfigError, match=r"no probabilities.*softmax cross-entropy"):
        reliability(clf, digits.test.images, digits.test.targets)
