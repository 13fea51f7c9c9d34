"""The contract of losses, as tests that run on any loss, built-in or custom.

Example
    from handgrad.testing import check_loss

    check_loss(SoftmaxCrossEntropy())
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.inspection.differentiable import LossValue
from handgrad.inspection.gradient_check import by_entry, by_projection
from handgrad.losses import Loss
from handgrad.losses.loss import takes_weights
from handgrad.randomness import Key, normal, permutation, uniform
from handgrad.ranges import check_count, check_seed
from handgrad.testing.closeness import assert_close, rounding_bound
from handgrad.testing.directions import assert_enough_directions
from handgrad.testing.passes import (
    backward_of_loss,
    check_loss_argument,
    forward_of_loss,
)
from handgrad.testing.trial import assert_same

DIRECTIONS = 5
LARGE = 1000.0  # exp overflows above 88.7 in float32, and above 709.8 in float64
GROWTH = 1e6  # of a loss as its logits double: more than any power seen in practice


@dataclass(frozen=True)
class LossTrial:
    """Test data for a law of the loss contract: a loss, logits and targets.

    Units
        loss     the loss under test
        batch    number of examples
        classes  number of classes
        seed     seed of all random numbers
    """

    loss: Loss[Any]
    batch: int = 5
    classes: int = 4
    seed: int = 0

    @property
    def key(self) -> Key:
        """The key of all random numbers of this trial."""
        return Key(self.seed).child("loss contract")

    def logits(self, name: str = "logits", dtype: str = "float32") -> NumpyArray:
        """Normal logits with standard deviation 2, of this `dtype`.

        Another `name` gives other logits.
        """
        shape = (self.batch, self.classes)
        return (2.0 * normal(self.key.child(name), shape)).astype(dtype)

    @property
    def targets(self) -> NumpyArray:
        """Random class numbers, (batch,), int64: all, if the batch is large enough."""
        key = self.key.child("targets")
        found = uniform(key, (self.batch,), 0, self.classes).astype(np.int64)
        if self.batch >= self.classes:
            each = permutation(key.child("places"), self.batch)[: self.classes]
            found[each] = np.arange(self.classes)
        return found


def check_loss(
    loss: Loss[Any], *, batch: int = 5, classes: int = 4, seed: int = 0
) -> None:
    """Check a `loss` against every law of `LOSS_LAWS`.

    AssertionError says which law is violated and how; ConfigError or ShapeError that a
    method takes or returns something else than those of a loss do, or that an argument
    is wrong.

    Units
        batch    number of examples
        classes  number of classes
        seed     seed of all random numbers

    Example
        check_loss(SoftmaxCrossEntropy(label_smoothing=0.1))
    """
    check_loss_argument("check_loss", loss)
    check_count("check_loss", "batch", batch)
    check_count("check_loss", "classes", classes)
    check_seed("check_loss", "seed", seed)
    for law in LOSS_LAWS.values():
        law(LossTrial(loss, batch, classes, seed))


def loss_is_a_plain_number(trial: LossTrial) -> None:
    """Check that the loss is a Python float, which can be written as JSON."""
    loss, _ = forward_of_loss(trial.loss, trial.logits(), trial.targets)
    if type(loss) is not float:
        raise AssertionError(f"{trial.loss!r}: expected a float, got {type(loss)}.")


def d_logits_fit_the_logits(trial: LossTrial) -> None:
    """Check that `d_logits` have the shape and dtype of the logits."""
    for dtype in ("float32", "float64"):
        logits = trial.logits(dtype=dtype)
        _, cache = forward_of_loss(trial.loss, logits, trial.targets)
        found = backward_of_loss(trial.loss, cache)
        if found.shape != logits.shape or found.dtype != logits.dtype:
            raise AssertionError(
                f"{trial.loss!r} d_logits: expected {logits.shape} {logits.dtype}, got "
                f"{found.shape} {found.dtype}."
            )


def backward_agrees_with_finite_differences(
    trial: LossTrial, targets: NumpyArray | None = None
) -> None:
    """Check directional derivatives along random directions, in float64.

    The `targets` are those of the trial unless others are given.
    """
    targets = trial.targets if targets is None else targets
    value = LossValue(trial.loss, trial.logits(), targets)
    found = by_projection(value, key=trial.key, directions=DIRECTIONS)
    assert_enough_directions(found, repr(trial.loss))
    if not found.passed:
        raise AssertionError(
            f"{trial.loss!r}: backward and finite differences disagree, {found}. "
            f"Worst entry: {by_entry(value, key=trial.key)}."
        )


def loss_is_the_mean_of_the_examples(trial: LossTrial) -> None:
    """Check that loss and gradient are the means over the examples."""
    logits, targets = trial.logits(dtype="float64"), trial.targets
    whole, cache = forward_of_loss(trial.loss, logits, targets)
    alone = [
        forward_of_loss(trial.loss, logits[i : i + 1], targets[i : i + 1])
        for i in range(trial.batch)
    ]
    bound = rounding_bound(trial.batch * trial.classes, abs(whole), "float64")
    if not abs(whole - np.mean([loss for loss, _ in alone])) <= bound:
        raise AssertionError(f"{trial.loss!r} is not the mean over the examples.")
    rows = [backward_of_loss(trial.loss, own)[0] / trial.batch for _, own in alone]
    d_logits = backward_of_loss(trial.loss, cache)
    assert_close(d_logits, np.stack(rows), trial.classes, what=f"{trial.loss!r}")


def nothing_given_is_modified(trial: LossTrial) -> None:
    """Check that logits, targets and cache are not modified."""
    logits, targets = trial.logits(), trial.targets
    _, cache = forward_of_loss(trial.loss, logits, targets)
    first = np.array(backward_of_loss(trial.loss, cache))
    again = backward_of_loss(trial.loss, cache)
    assert_same(logits, trial.logits(), f"{trial.loss!r} modified its logits")
    assert_same(targets, trial.targets, f"{trial.loss!r} modified its targets")
    assert_same(again, first, f"{trial.loss!r}: a second backward differs")


def two_batches_pass_at_once(trial: LossTrial) -> None:
    """Check two forward passes followed by their two backward passes.

    Expected are the results of two copies of the loss, each with one of the batches.
    """
    names, targets = ("logits", "others"), trial.targets
    expected = []
    for name in names:
        alone = deepcopy(trial.loss)
        value, cache = forward_of_loss(alone, trial.logits(name), targets)
        expected.append((value, np.array(backward_of_loss(alone, cache))))
    passes = [forward_of_loss(trial.loss, trial.logits(n), targets) for n in names]
    what = (
        f"{trial.loss!r} keeps something of one batch for another. Return what "
        "backward needs as the cache, and store none of it in the loss"
    )
    for (value, cache), (own_value, d_logits) in zip(passes, expected, strict=True):
        assert_same(value, own_value, f"{what}: the loss differs")
        found = backward_of_loss(trial.loss, cache)
        assert_same(found, d_logits, f"{what}: d_logits differ")


def large_logits_do_not_overflow(trial: LossTrial) -> None:
    """Check that logits of up to 1000 give a finite loss and a finite gradient.

    A loss that itself grows exponentially is exempt.
    """
    with np.errstate(all="ignore"):
        if _grows_exponentially(trial):
            return
        for dtype in ("float32", "float64"):
            for size in (LARGE, -LARGE):
                value, cache = forward_of_loss(
                    trial.loss, _logits_up_to(trial, size, dtype), trial.targets
                )
                d_logits = backward_of_loss(trial.loss, cache)
                if not (np.isfinite(value) and np.isfinite(d_logits).all()):
                    what = "d_logits have" if np.isfinite(value) else "the loss has"
                    raise AssertionError(
                        f"{trial.loss!r}: {what} NaN or infinity for {dtype} logits of "
                        f"up to {LARGE:g}. Subtract the maximum of each row before "
                        "exp, and take log(sum of exp) instead of log(softmax)."
                    )


def _logits_up_to(trial: LossTrial, size: float, dtype: str) -> NumpyArray:
    """Logits with a largest absolute value of `size`; its sign changes all signs."""
    logits = trial.logits(dtype="float64")
    logits *= size / np.abs(logits).max()
    return logits.astype(dtype)


def _grows_exponentially(trial: LossTrial) -> bool:
    """Whether the loss of logits twice as large is greater by orders of magnitude."""
    for size in (50.0, -50.0):  # exp of 100 is far from an overflow in float64
        small, large = (
            forward_of_loss(
                trial.loss, _logits_up_to(trial, each, "float64"), trial.targets
            )[0]
            for each in (size, 2 * size)
        )
        if large > GROWTH * max(1.0, small):
            return True
    return False


def weights_are_shares_of_the_mean(trial: LossTrial) -> None:
    """Check the weighted mean, sum(weight * loss) / sum(weight), and its gradient.

    A loss whose forward takes no weights is exempt.
    """
    if not takes_weights(trial.loss):
        return
    logits, targets = trial.logits(dtype="float64"), trial.targets
    weights = uniform(trial.key.child("weights"), (trial.batch,), 0.5, 3.0)
    weights[1:2] = 0.0
    shares = weights / weights.sum()
    whole, cache = forward_of_loss(trial.loss, logits, targets, weights)
    d_logits = np.zeros_like(logits)
    expected = 0.0
    for i, share in enumerate(shares):
        loss, own = forward_of_loss(trial.loss, logits[i : i + 1], targets[i : i + 1])
        expected += share * loss
        d_logits[i] = share * backward_of_loss(trial.loss, own)[0]
    bound = rounding_bound(trial.batch * trial.classes, abs(expected), "float64")
    if not (type(whole) is float and abs(whole - expected) <= bound):
        raise AssertionError(
            f"{trial.loss!r} with weights: expected {expected}, got {whole}."
        )
    found = backward_of_loss(trial.loss, cache)
    assert_close(found, d_logits, trial.classes, what=f"{trial.loss!r} with weights")


def soft_targets_extend_class_numbers(trial: LossTrial) -> None:
    """Check one-hot soft labels against class numbers, and the gradient of mixtures.

    A loss that does not set `takes_soft_targets` is exempt.
    """
    if not trial.loss.takes_soft_targets:
        return
    logits, targets = trial.logits(dtype="float64"), trial.targets
    hard = np.eye(trial.classes)[targets]
    value, cache = forward_of_loss(trial.loss, logits, targets)
    soft_value, soft_cache = forward_of_loss(trial.loss, logits, hard)
    bound = rounding_bound(trial.batch * trial.classes, abs(value), "float64")
    if not abs(value - soft_value) <= bound:
        raise AssertionError(
            f"{trial.loss!r} of one-hot targets: expected {value}, got {soft_value}."
        )
    found, expected = (
        backward_of_loss(trial.loss, each) for each in (soft_cache, cache)
    )
    assert_close(found, expected, trial.classes, what=f"{trial.loss!r}, one-hot")
    share = uniform(trial.key.child("shares"), (trial.batch, 1))
    mixed = share * hard + (1 - share) * np.roll(hard, 1, axis=1)
    backward_agrees_with_finite_differences(trial, mixed)


LOSS_LAWS: dict[str, Callable[[LossTrial], None]] = {
    law.__name__: law
    for law in (
        two_batches_pass_at_once,  # first: what a loss keeps spoils all other results
        loss_is_a_plain_number,
        d_logits_fit_the_logits,
        backward_agrees_with_finite_differences,
        loss_is_the_mean_of_the_examples,
        nothing_given_is_modified,
        large_logits_do_not_overflow,
        weights_are_shares_of_the_mean,
        soft_targets_extend_class_numbers,
    )
}
