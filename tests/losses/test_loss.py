import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.inspection.differentiable import LossValue
from handgrad.inspection.gradient_check import by_projection
from handgrad.losses import MeanSquaredError, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.losses.loss import (
    Loss,
    check_takes_weights,
    forward_loss,
    mean_loss,
    shares_of,
    takes_weights,
)
from handgrad.randomness import Key

LOSSES = [SoftmaxCrossEntropy(0.1), MulticlassSVM(), MeanSquaredError()]
RNG = np.random.default_rng(0)
LOGITS, TARGETS = RNG.normal(size=(6, 4)), RNG.integers(4, size=6)
WEIGHTS = np.array([1, 0, 0.25, 3, 1, 2], np.float32)


class Own(Loss[None]):
    """A custom loss without sample weights."""

    def forward(self, logits, targets):
        return 1.0, None

    def backward(self, cache, /):
        return np.zeros(1)

    def __repr__(self):
        return "Own()"


def test_a_loss_without_forward_or_backward_is_abstract():
    class Nothing(Loss[None]):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Nothing()


def test_the_mean_is_weighted_where_there_are_weights():
    losses = np.array([1.0, 2.0, 6.0], np.float32)
    assert mean_loss(losses, None) == 3.0
    assert mean_loss(losses, np.array([1, 0, 3], np.float32)) == 19 / 4


def test_shares_sum_to_one_and_have_the_dtype_of_the_logits():
    assert shares_of(None, LOGITS) is None
    shares = shares_of(WEIGHTS, LOGITS)
    assert shares.shape == (6, 1)
    np.testing.assert_allclose(shares[:, 0], WEIGHTS / np.float64(7.25), rtol=1e-15)
    assert shares_of(WEIGHTS, LOGITS.astype(np.float32)).dtype == np.float32


def test_a_loss_without_sample_weights_still_works():
    own = Own()
    assert forward_loss(own, LOGITS, TARGETS) == (1.0, None)
    assert not takes_weights(own)
    with pytest.raises(
        ConfigError, match=r"Own\(\) takes logits and targets only, got"
    ):
        check_takes_weights(own)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_built_in_losses_take_weights(loss):
    check_takes_weights(loss)


def weighted_by_torch(loss, logits):
    """The weighted mean by torch's own losses."""
    targets = torch.tensor(TARGETS)
    if isinstance(loss, SoftmaxCrossEntropy):
        own = torch.nn.functional.cross_entropy(
            logits, targets, reduction="none", label_smoothing=0.1
        )
    elif isinstance(loss, MulticlassSVM):
        own = 4 * torch.nn.functional.multi_margin_loss(
            logits, targets, reduction="none"
        )
    else:
        expected = torch.nn.functional.one_hot(targets, 4).double()
        own = ((logits - expected) ** 2).mean(dim=1)
    weights = torch.tensor(WEIGHTS).double()
    return (weights * own).sum() / weights.sum()


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_weighted_losses_equal_autograd(loss):
    theirs = torch.tensor(LOGITS, requires_grad=True)
    expected = weighted_by_torch(loss, theirs)
    expected.backward()
    value, cache = loss.forward(LOGITS, TARGETS, WEIGHTS)
    assert value == pytest.approx(expected.item(), rel=1e-13)
    d_logits = loss.backward(cache)
    np.testing.assert_allclose(d_logits, theirs.grad, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(d_logits[1], 0)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_weighted_gradients_agree_with_finite_differences(loss):
    class Weighted(type(loss)):
        def forward(self, logits, targets):
            return super().forward(logits, targets, WEIGHTS)

    weighted = Weighted(**vars(loss))
    value = LossValue(weighted, LOGITS, TARGETS)
    assert by_projection(value, key=Key(0).child("check"), directions=5).passed


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_integer_weights_equal_repeated_examples(loss):
    counts = np.array([2, 1, 0, 3, 1, 1])
    repeated = loss.forward(LOGITS.repeat(counts, 0), TARGETS.repeat(counts))[0]
    value = loss.forward(LOGITS, TARGETS, counts.astype(np.float32))[0]
    assert value == pytest.approx(repeated, rel=1e-13)


@pytest.mark.parametrize("xp", [torch, array_api_strict])
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_other_array_libraries_take_weights(loss, xp):
    arrays = (xp.asarray(LOGITS), xp.asarray(TARGETS), xp.asarray(WEIGHTS))
    value, cache = loss.forward(*arrays)
    ours, own_cache = loss.forward(LOGITS, TARGETS, WEIGHTS)
    assert value == pytest.approx(ours, rel=1e-13)
    found, expected = loss.backward(cache), loss.backward(own_cache)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-12, atol=1e-15)
