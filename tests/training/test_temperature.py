"""The temperature minimizes the cross-entropy of held-out images."""

import numpy as np
import pytest

from handgrad.errors import DatasetError
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.training.temperature import HIGHEST, LOWEST, fit_temperature


def calibrated(count, classes=5, seed=0):
    """Logits whose softmax are the probabilities that the targets were drawn from."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(0, 1.5, (count, classes))
    powers = np.exp(logits)
    edges = (powers / powers.sum(axis=1, keepdims=True)).cumsum(axis=1)
    return logits, (draw.random((count, 1)) > edges).sum(axis=1).clip(0, classes - 1)


@pytest.mark.parametrize("factor", [0.25, 1.0, 3.0])
def test_it_undoes_a_factor(factor):
    logits, targets = calibrated(40_000)
    found = fit_temperature(logits * factor, targets)
    assert found.value == pytest.approx(factor, rel=0.03)
    assert found.images == 40_000
    assert not found.is_bound


def test_its_losses_are_the_loss_at_one_and_at_the_minimum():
    logits, targets = calibrated(500)
    logits = 2.5 * logits
    found, loss = fit_temperature(logits, targets), SoftmaxCrossEntropy()
    assert found.loss_before == pytest.approx(loss.forward(logits, targets)[0])
    scaled = [logits / (found.value * step) for step in (0.999, 1.0, 1.001)]
    below, least, above = (loss.forward(each, targets)[0] for each in scaled)
    assert found.loss_after == pytest.approx(least)
    assert least < min(below, above)


def test_it_ends_where_the_loss_has_no_minimum():
    logits, _ = calibrated(50)
    right = fit_temperature(logits, logits.argmax(axis=1))
    wrong = fit_temperature(logits, logits.argmin(axis=1))
    assert (right.value, wrong.value) == (LOWEST, HIGHEST)
    assert right.is_bound
    assert wrong.is_bound


def test_large_logits_do_not_overflow():
    logits, targets = calibrated(2_000)
    large = fit_temperature((logits + 1e4).astype(np.float32), targets)
    assert large.value == pytest.approx(
        fit_temperature(logits, targets).value, rel=0.02
    )


def test_no_images_are_an_error():
    with pytest.raises(DatasetError, match=r"got none. Give validation images"):
        fit_temperature(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))
