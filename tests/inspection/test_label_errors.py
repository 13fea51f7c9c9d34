"""Label errors, from given probabilities."""

import numpy as np
import pytest

from handgrad.inspection.label_errors import label_quality, suspects_of

NAN = float("nan")
PROBABILITIES = np.array(
    [
        [0.9, 0.1, 0.0],  # right
        [0.7, 0.2, 0.1],  # right
        [0.1, 0.8, 0.1],  # labelled 0, predicted 1, as sure as usual
        [0.3, 0.4, 0.3],  # labelled 0, predicted 1, less sure than usual
        [0.0, 0.9, 0.1],  # right
        [0.1, 0.5, 0.4],  # right
        [NAN, NAN, NAN],  # alone in its class
    ]
)
TARGETS = np.array([0, 0, 0, 0, 1, 1, 2])


def test_known_values():
    """The threshold of class 1 is (0.9 + 0.5) / 2 = 0.7."""
    found = label_quality(PROBABILITIES, TARGETS)
    margins = [0.8, 0.5, -0.7, -0.1, 0.8, 0.1, NAN]
    np.testing.assert_allclose(found.margins, margins)
    assert found.confident.tolist() == [False, False, True, False, False, False, False]


def test_suspects_come_least_plausible_first():
    first, second = suspects_of(PROBABILITIES, TARGETS)
    assert first == (2, 0, 1, pytest.approx(-0.7), 0.8, True)
    assert second == (3, 0, 1, pytest.approx(-0.1), 0.4, False)


def test_a_class_without_images_is_never_confident():
    found = suspects_of(np.array([[0.2, 0.8], [0.9, 0.1]]), np.array([0, 0]))
    assert [one.is_confident for one in found] == [False]


def test_flipped_labels_come_first():
    """Predictions of a good network: all flipped labels are above all others."""
    draw = np.random.default_rng(0)
    targets = draw.integers(0, 5, 1000)
    logits = draw.normal(0, 1, (1000, 5))
    logits[np.arange(1000), targets] += 8
    powers = np.exp(logits)
    flipped = draw.choice(1000, 20, replace=False)
    targets[flipped] = (targets[flipped] + 1) % 5
    found = suspects_of(powers / powers.sum(axis=1, keepdims=True), targets)
    assert {one.row for one in found[:20]} == set(flipped.tolist())
