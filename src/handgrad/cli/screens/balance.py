"""How often each class occurs, and what that means for the accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from handgrad.datasets import Split
from handgrad.metrics import Evaluation, evaluate
from handgrad.training.run import Run

RATIO = 3  # times as many images as the rarest class has: unequal
LISTED = 12  # classes
UNEQUAL = 0.02  # between accuracy and macro recall: worth a word


@dataclass(frozen=True)
class Balance:
    """How many training images each class has; `names` and `counts` go together."""

    names: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def ratio(self) -> float:
        """How many times the rarest class fits into the most frequent; may be inf."""
        return max(self.counts) / min(self.counts) if min(self.counts) else np.inf

    @property
    def largest_share(self) -> float:
        """The accuracy of always giving the most frequent class."""
        return max(self.counts) / max(1, sum(self.counts))

    def in_words(self) -> str:
        """The counts, the most frequent class first; of many classes both ends."""
        ranked = sorted(zip(self.counts, self.names, strict=True), key=_falling)
        if len(ranked) > LISTED:
            first, last = (
                f"{count:,} {name}" for count, name in (ranked[0], ranked[-1])
            )
            listed = f"from {first} to {last}"
        else:
            listed = ", ".join(f"{count:,} {name}" for count, name in ranked)
        ratio = "a class has none" if np.isinf(self.ratio) else f"{self.ratio:.3g} to 1"
        return f"unequal classes: {listed} ({ratio})"


def balance_of(run: Run) -> Balance:
    """Of the images that a run trains on."""
    resolved = run.config.resolved
    assert resolved is not None, "a run is resolved"
    names = resolved.class_names
    return Balance(names, _counts(run.parts.train, len(names)))


def first_words(balance: Balance, class_weight: object) -> str:
    """What to say before training; empty where the classes are equal enough."""
    if balance.ratio < RATIO:
        return ""
    if class_weight is not None:
        return f"{balance.in_words()}; weighted by --class-weight"
    return f"{balance.in_words()}; --class-weight balanced lets each class count alike"


def evaluation_of(run: Run) -> Evaluation | None:
    """On the test images, else on the validation images; None where it says no more.

    Accuracy and macro recall differ by no more than the shares of the classes do.
    """
    test, validation = run.parts.dataset.test, run.parts.validation
    split = validation if test is None else test
    if split is None:
        return None
    counts = np.array(_counts(split, len(run.parts.dataset.class_names)))
    if np.abs(counts / counts.sum() - 1 / len(counts)).sum() / 2 < UNEQUAL:
        return None
    logits = run.trainer.logits(split.images)
    return evaluate(logits, split.targets, loss=nan)


def is_unequal(found: Evaluation) -> bool:
    """Whether the rare classes are recognised less often, by a margin."""
    return found.accuracy - found.macro_recall >= UNEQUAL


def last_words(found: Evaluation | None) -> str:
    """The macro recall beside the accuracy, where they differ; else empty."""
    if found is None or abs(found.accuracy - found.macro_recall) < UNEQUAL:
        return ""
    return (
        f"macro recall {found.macro_recall:.2%}, the mean over classes, beside an "
        f"accuracy of {found.accuracy:.2%}"
    )


def _counts(split: Split, classes: int) -> tuple[int, ...]:
    return tuple(np.bincount(split.targets, minlength=classes).tolist())


def _falling(ranked: Sequence[int | str]) -> tuple[int, str]:
    count, name = ranked
    return -int(count), str(name)
