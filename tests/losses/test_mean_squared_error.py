import array_api_strict
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from handgrad.losses import MeanSquaredError


def example(seed, batch=5, classes=4):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(batch, classes)), rng.integers(classes, size=batch)


@given(seed=st.integers(0, 999), batch=st.integers(1, 6), classes=st.integers(1, 7))
def test_equals_the_definition_and_autograd(seed, batch, classes):
    logits, targets = example(seed, batch, classes)
    total = 0.0
    for row, target in zip(logits, targets, strict=True):
        for k in range(classes):
            total += (row[k] - (1.0 if k == target else 0.0)) ** 2
    theirs = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.functional.one_hot(torch.tensor(targets), classes).double()
    torch.nn.functional.mse_loss(theirs, expected).backward()
    ours = MeanSquaredError()
    loss, cache = ours.forward(logits, targets)
    assert type(loss) is float
    assert loss == pytest.approx(total / (batch * classes), rel=1e-12)
    np.testing.assert_allclose(ours.backward(cache), theirs.grad, rtol=0, atol=1e-12)


def test_gradient_by_random_projection():
    logits, targets = example(1)
    direction = np.random.default_rng(2).normal(size=logits.shape)
    loss = MeanSquaredError()
    ahead, behind = (
        loss.forward(logits + sign * 1e-5 * direction, targets)[0] for sign in (1, -1)
    )
    slope = np.sum(loss.backward(loss.forward(logits, targets)[1]) * direction)
    assert slope == pytest.approx((ahead - behind) / 2e-5, rel=1e-6)


def test_known_values():
    loss = MeanSquaredError()
    value, cache = loss.forward(np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([0, 1]))
    assert value == 4.0 / (2 * 2)
    np.testing.assert_array_equal(loss.backward(cache), [[0.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_stay_finite_and_the_dtype_is_kept(dtype):
    loss = MeanSquaredError()
    value, cache = loss.forward(np.array([[1e4, -1e4]], dtype=dtype), np.array([1]))
    assert np.isfinite(value)
    assert loss.backward(cache).dtype == dtype


@pytest.mark.parametrize("xp", [torch, array_api_strict])
def test_other_array_libraries_give_the_same(xp):
    logits, targets = example(4)
    loss = MeanSquaredError()
    value, cache = loss.forward(logits, targets)
    theirs, their_cache = loss.forward(xp.asarray(logits), xp.asarray(targets))
    assert theirs == pytest.approx(value, rel=1e-14)
    d_logits = loss.backward(their_cache)
    assert type(d_logits) is type(xp.asarray(logits))
    np.testing.assert_allclose(
        np.asarray(d_logits), loss.backward(cache), rtol=0, atol=1e-15
    )


def test_repr():
    assert repr(MeanSquaredError()) == "MeanSquaredError()"


def test_soft_labels_equal_autograd():
    draws = np.random.default_rng(7)
    logits, soft = draws.normal(size=(5, 4)), draws.dirichlet(np.ones(4), size=5)
    theirs = torch.tensor(logits, requires_grad=True)
    reference = torch.nn.functional.mse_loss(theirs, torch.tensor(soft))
    reference.backward()
    loss, cache = MeanSquaredError().forward(logits, soft)
    assert loss == pytest.approx(reference.item(), rel=1e-14)
    found = MeanSquaredError().backward(cache)
    np.testing.assert_allclose(found, theirs.grad, rtol=0, atol=1e-15)
