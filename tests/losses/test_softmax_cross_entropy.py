from math import exp, log

import array_api_strict
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from handgrad.errors import ConfigError
from handgrad.losses import SoftmaxCrossEntropy


def example(seed, batch=5, classes=4, scale=3.0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=scale, size=(batch, classes))
    return logits, rng.integers(classes, size=batch)


def by_definition(logits, targets, smoothing):
    """The mean over examples of -sum(q * log p), computed one number at a time."""
    batch, classes = logits.shape
    total = 0.0
    for row, target in zip(logits, targets, strict=True):
        denominator = sum(exp(value) for value in row)
        for k, value in enumerate(row):
            expected = smoothing / classes + (1 - smoothing) * (k == target)
            total -= expected * log(exp(value) / denominator)
    return total / batch


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
@given(seed=st.integers(0, 999), batch=st.integers(1, 6), classes=st.integers(1, 7))
def test_equals_the_definition(smoothing, seed, batch, classes):
    logits, targets = example(seed, batch, classes)
    loss, _ = SoftmaxCrossEntropy(smoothing).forward(logits, targets)
    assert type(loss) is float
    assert loss == pytest.approx(by_definition(logits, targets, smoothing), abs=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
@given(seed=st.integers(0, 999), batch=st.integers(1, 6), classes=st.integers(1, 7))
def test_equals_autograd(smoothing, seed, batch, classes):
    logits, targets = example(seed, batch, classes)
    theirs = torch.tensor(logits, requires_grad=True)
    reference = torch.nn.functional.cross_entropy(
        theirs, torch.tensor(targets), label_smoothing=smoothing
    )
    reference.backward()
    ours = SoftmaxCrossEntropy(smoothing)
    loss, cache = ours.forward(logits, targets)
    assert loss == pytest.approx(reference.item(), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(ours.backward(cache), theirs.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("ignore_index", [1, -100])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_ignore_index_and_reduction_equal_autograd(reduction, ignore_index, smoothing):
    logits, targets = example(3)
    targets[[0, 3]] = ignore_index
    options = {"ignore_index": ignore_index, "reduction": reduction}
    theirs = torch.tensor(logits, requires_grad=True)
    reference = torch.nn.functional.cross_entropy(
        theirs, torch.tensor(targets), label_smoothing=smoothing, **options
    )
    reference.backward()
    ours = SoftmaxCrossEntropy(smoothing, **options)
    for xp in (np, torch, array_api_strict):
        loss, cache = ours.forward(xp.asarray(logits), xp.asarray(targets))
        assert type(loss) is float
        assert loss == pytest.approx(reference.item(), rel=1e-12)
        d_logits = np.asarray(ours.backward(cache))
        np.testing.assert_allclose(d_logits, theirs.grad, rtol=0, atol=1e-12)


def test_weights_of_ignored_examples_do_not_count():
    logits, targets = example(3)
    weights = np.array([1.0, 0.5, 3.0, 2.0, 0.0])
    kept = targets != targets[0]
    ours = SoftmaxCrossEntropy(ignore_index=int(targets[0]))
    loss, cache = ours.forward(logits, targets, weights)
    expected, own = SoftmaxCrossEntropy().forward(
        logits[kept], targets[kept], weights[kept]
    )
    assert loss == pytest.approx(expected, rel=1e-12)
    d_logits = ours.backward(cache)
    assert not d_logits[~kept].any()
    np.testing.assert_allclose(
        d_logits[kept], SoftmaxCrossEntropy().backward(own), rtol=1e-12
    )


def test_if_no_example_counts_the_loss_is_0():
    logits, _ = example(3)
    ours = SoftmaxCrossEntropy(ignore_index=2)
    loss, cache = ours.forward(logits, np.full(5, 2))
    assert loss == 0
    assert not ours.backward(cache).any()


def test_invalid_options_are_refused():
    with pytest.raises(ConfigError, match="takes ignore_index as an integer or None"):
        SoftmaxCrossEntropy(ignore_index=0.5)
    with pytest.raises(ConfigError, match='takes reduction as "mean" or "sum", got'):
        SoftmaxCrossEntropy(reduction="none")


def test_repr_of_options():
    shown = repr(SoftmaxCrossEntropy(ignore_index=-100, reduction="sum"))
    options = 'label_smoothing=0, ignore_index=-100, reduction="sum"'
    assert shown == f"SoftmaxCrossEntropy({options})"


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@given(seed=st.integers(0, 999), batch=st.integers(1, 6), classes=st.integers(1, 7))
def test_soft_labels_equal_autograd(smoothing, seed, batch, classes):
    logits, _ = example(seed, batch, classes)
    soft = np.random.default_rng(seed).dirichlet(np.full(classes, 0.5), size=batch)
    theirs = torch.tensor(logits, requires_grad=True)
    reference = torch.nn.functional.cross_entropy(
        theirs, torch.tensor(soft), label_smoothing=smoothing
    )
    reference.backward()
    ours = SoftmaxCrossEntropy(smoothing)
    loss, cache = ours.forward(logits, soft)
    assert loss == pytest.approx(reference.item(), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(ours.backward(cache), theirs.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_gradient_by_random_projection(smoothing):
    logits, targets = example(1)
    direction = np.random.default_rng(2).normal(size=logits.shape)
    loss = SoftmaxCrossEntropy(smoothing)
    ahead, behind = (
        loss.forward(logits + sign * 1e-5 * direction, targets)[0] for sign in (1, -1)
    )
    slope = np.sum(loss.backward(loss.forward(logits, targets)[1]) * direction)
    assert slope == pytest.approx((ahead - behind) / 2e-5, rel=1e-6)


def test_the_loss_of_equal_logits_is_log_classes():
    loss, _ = SoftmaxCrossEntropy().forward(np.zeros((3, 10)), np.array([0, 4, 9]))
    assert loss == pytest.approx(log(10), rel=1e-15)


@given(seed=st.integers(0, 999), shift=st.floats(-1e3, 1e3))
def test_a_shift_of_all_logits_changes_nothing(seed, shift):
    logits, targets = example(seed)
    loss = SoftmaxCrossEntropy()
    here, there = (loss.forward(values, targets) for values in (logits, logits + shift))
    assert there[0] == pytest.approx(here[0], rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(
        loss.backward(there[1]), loss.backward(here[1]), atol=1e-9
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("signs", [(1, -1, 1), (-1, 1, -1), (1, 1, 1), (-1, -1, -1)])
def test_huge_logits_stay_finite(dtype, smoothing, signs):
    logits = 1e4 * np.array([signs], dtype=dtype)
    for target in range(3):
        loss = SoftmaxCrossEntropy(smoothing)
        value, cache = loss.forward(logits, np.array([target]))
        assert np.isfinite(value)
        assert np.all(np.isfinite(loss.backward(cache)))
    assert SoftmaxCrossEntropy().forward(logits, np.array([0]))[0] == pytest.approx(
        log(signs.count(1) or 3) + (signs[0] < 0 < max(signs)) * 2e4, rel=1e-6
    )


def test_a_class_of_target_probability_0_adds_nothing():
    logits = np.array([[0.0, -np.inf]])
    loss = SoftmaxCrossEntropy()
    value, cache = loss.forward(logits, np.array([0]))
    assert value == 0
    np.testing.assert_array_equal(loss.backward(cache), [[0.0, 0.0]])


def test_nan_propagates():
    value, _ = SoftmaxCrossEntropy().forward(np.array([[0.0, np.nan]]), np.array([0]))
    assert np.isnan(value)


def test_the_mean_is_computed_in_float64():
    logits = np.zeros((100_000, 10), dtype=np.float32)
    loss, cache = SoftmaxCrossEntropy().forward(logits, np.zeros(100_000, dtype=int))
    # one rounding of each loss to float32, none of their sum
    assert loss == pytest.approx(float(np.float32(log(10))), rel=1e-12)
    assert SoftmaxCrossEntropy().backward(cache).dtype == np.float32


def test_the_gradient_of_each_example_sums_to_zero():
    logits, targets = example(3)
    loss = SoftmaxCrossEntropy(0.1)
    d_logits = loss.backward(loss.forward(logits, targets)[1])
    np.testing.assert_allclose(np.sum(d_logits, axis=1), 0, atol=1e-15)


@pytest.mark.parametrize("xp", [torch, array_api_strict])
def test_other_array_libraries_give_the_same(xp):
    logits, targets = example(4)
    loss = SoftmaxCrossEntropy(0.1)
    value, cache = loss.forward(logits, targets)
    theirs, their_cache = loss.forward(xp.asarray(logits), xp.asarray(targets))
    assert theirs == pytest.approx(value, rel=1e-14)
    d_logits = loss.backward(their_cache)
    assert type(d_logits) is type(xp.asarray(logits))
    np.testing.assert_allclose(
        np.asarray(d_logits), loss.backward(cache), rtol=0, atol=1e-15
    )


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, float("nan")])
def test_smoothing_is_a_fraction(smoothing):
    with pytest.raises(ConfigError, match="label_smoothing from 0 up to"):
        SoftmaxCrossEntropy(smoothing)


def test_repr():
    assert repr(SoftmaxCrossEntropy(0.1)) == "SoftmaxCrossEntropy(label_smoothing=0.1)"
