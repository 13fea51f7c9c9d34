"""Each law of the contract detects a loss that violates it."""

import numpy as np
import pytest

from handgrad.losses import Loss, SoftmaxCrossEntropy
from handgrad.testing import LOSS_LAWS, LossTrial, check_loss


class Square(Loss):
    """A correct loss to be modified: the mean square of the target's logit."""

    def forward(self, logits, targets):
        chosen = logits[np.arange(len(targets)), targets]
        return float(np.mean(chosen.astype(np.float64) ** 2)), (logits, targets)

    def backward(self, cache, /):
        logits, targets = cache
        d_logits = np.zeros_like(logits)
        rows = np.arange(len(targets))
        d_logits[rows, targets] = 2 * logits[rows, targets] / len(targets)
        return d_logits


class ArrayLoss(Square):
    def forward(self, logits, targets):
        loss, cache = super().forward(logits, targets)
        return np.float64(loss), cache


class AlwaysDouble(Square):
    def backward(self, cache, /):
        return super().backward(cache).astype(np.float64)


class HalfTheGradient(Square):
    def backward(self, cache, /):
        return super().backward(cache) / 2


class SumOfExamples(Square):
    def forward(self, logits, targets):
        loss, cache = super().forward(logits, targets)
        return loss * len(targets), cache

    def backward(self, cache, /):
        return super().backward(cache) * len(cache[1])


class ChangesItsLogits(Square):
    def forward(self, logits, targets):
        found, (kept, _) = super().forward(logits, targets)
        kept = kept.copy()
        logits -= logits.max()
        return found, (kept, targets)


class RemembersTheBatch(Square):
    def forward(self, logits, targets):
        loss, self.cache = super().forward(logits, targets)
        return loss, None

    def backward(self, cache, /):
        return super().backward(self.cache)


class KeepsTheFirstBatch(Square):
    def forward(self, logits, targets):
        loss, cache = super().forward(logits, targets)
        self.cache = getattr(self, "cache", cache)
        return loss, self.cache


class AveragesOverBatches(Square):
    def forward(self, logits, targets):
        loss, cache = super().forward(logits, targets)
        self.mean = (getattr(self, "mean", loss) + loss) / 2
        return self.mean, cache


class NaiveSoftmax(Loss):
    """Right in exact arithmetic: exp overflows."""

    def forward(self, logits, targets):
        exponentials = np.exp(logits)
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        chosen = probabilities[np.arange(len(targets)), targets]
        loss = -float(np.mean(np.log(chosen.astype(np.float64))))
        return loss, (probabilities, targets)

    def backward(self, cache, /):
        probabilities, targets = cache
        d_logits = probabilities.copy()
        d_logits[np.arange(len(targets)), targets] -= 1
        return d_logits / len(targets)


class LogOfSoftmax(NaiveSoftmax):
    """Shifted, but the logarithm of a probability of 0 is infinite."""

    def forward(self, logits, targets):
        return super().forward(logits - logits.max(axis=1, keepdims=True), targets)


class Exponential(Square):
    """Correct: the mean of exp(-logit of the target), which may overflow."""

    def forward(self, logits, targets):
        chosen = logits[np.arange(len(targets)), targets].astype(np.float64)
        return float(np.mean(np.exp(-chosen))), (logits, targets)

    def backward(self, cache, /):
        logits, targets = cache
        d_logits = np.zeros_like(logits)
        rows = np.arange(len(targets))
        d_logits[rows, targets] = -np.exp(-logits[rows, targets]) / len(targets)
        return d_logits


class NormalizesWeights(Square):
    """Correct: the weights are divided by their sum in their own dtype."""

    def forward(self, logits, targets, weights=None):
        if weights is None:
            weights = np.ones(len(targets), logits.dtype)
        shares = weights / weights.sum()
        chosen = logits[np.arange(len(targets)), targets]
        return float(np.sum(shares * chosen**2)), (logits, targets, shares)

    def backward(self, cache, /):
        logits, targets, shares = cache
        d_logits = np.zeros_like(logits)
        rows = np.arange(len(targets))
        d_logits[rows, targets] = shares * (2 * logits[rows, targets])
        return d_logits


class IgnoresWeights(Square):
    def forward(self, logits, targets, weights=None):
        return super().forward(logits, targets)


class ForgetsWeightsOnTheWayBack(SoftmaxCrossEntropy):
    def forward(self, logits, targets, weights=None):
        loss, cache = super().forward(logits, targets, weights)
        return loss, cache._replace(shares=None)

    def __repr__(self):
        return "ForgetsWeightsOnTheWayBack()"


class TakesTheLikeliestOfSoftLabels(SoftmaxCrossEntropy):
    """A mixture counts as its larger share, in the gradient alone."""

    def forward(self, logits, targets, weights=None):
        loss, cache = super().forward(logits, targets, weights)
        if targets.ndim == 2:
            likeliest = np.eye(targets.shape[1])[targets.argmax(axis=1)]
            cache = cache._replace(expected=likeliest.astype(logits.dtype))
        return loss, cache

    def __repr__(self):
        return "TakesTheLikeliestOfSoftLabels()"


BROKEN = [
    (ArrayLoss, "loss_is_a_plain_number"),
    (AlwaysDouble, "d_logits_fit_the_logits"),
    (HalfTheGradient, "backward_agrees_with_finite_differences"),
    (SumOfExamples, "loss_is_the_mean_of_the_examples"),
    (ChangesItsLogits, "nothing_given_is_modified"),
    (RemembersTheBatch, "two_batches_pass_at_once"),
    (KeepsTheFirstBatch, "two_batches_pass_at_once"),
    (AveragesOverBatches, "two_batches_pass_at_once"),
    (NaiveSoftmax, "large_logits_do_not_overflow"),
    (LogOfSoftmax, "large_logits_do_not_overflow"),
    (IgnoresWeights, "weights_are_shares_of_the_mean"),
    (ForgetsWeightsOnTheWayBack, "weights_are_shares_of_the_mean"),
    (TakesTheLikeliestOfSoftLabels, "soft_targets_extend_class_numbers"),
]


def test_a_correct_loss_passes(seed):
    check_loss(Square(), seed=seed)
    check_loss(Exponential(), seed=seed)
    check_loss(SoftmaxCrossEntropy(), batch=1, classes=2, seed=seed)
    for batch in (1, 5, 64):
        check_loss(NormalizesWeights(), batch=batch, seed=seed)


@pytest.mark.parametrize(("kind", "law"), BROKEN)
def test_a_broken_loss_is_caught(kind, law):
    with pytest.raises(AssertionError, match=kind.__name__):
        LOSS_LAWS[law](LossTrial(kind()))
    with pytest.raises(AssertionError):
        check_loss(kind())


@pytest.mark.parametrize(
    "kind", [RemembersTheBatch, KeepsTheFirstBatch, AveragesOverBatches]
)
def test_a_kept_batch_is_named_before_what_it_spoils(kind):
    with pytest.raises(AssertionError, match="keeps something of one batch"):
        check_loss(kind())


@pytest.mark.parametrize("kind", [NaiveSoftmax, LogOfSoftmax])
def test_an_overflow_says_what_to_subtract(kind):
    with pytest.raises(AssertionError, match="Subtract the maximum of each row"):
        check_loss(kind())


def test_every_law_has_a_loss_that_breaks_it():
    assert {law for _, law in BROKEN} == set(LOSS_LAWS)


def test_every_class_is_a_target_of_some_example(seed):
    for batch, classes in ((5, 4), (4, 4), (50, 10)):
        found = LossTrial(SoftmaxCrossEntropy(), batch, classes, seed).targets
        assert sorted(set(found.tolist())) == list(range(classes))
        assert found.shape == (batch,)
    assert LossTrial(SoftmaxCrossEntropy(), 2, 4, seed).targets.max() < 4
