"""Class imbalance, and its effect on the accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from handgrad.datasets import Split
from handgrad.metrics import Evaluation, evaluate
from handgrad.text import one_line
from handgrad.training.run import Run

RATIO = 3  # most frequent to rarest class, from which on classes are imbalanced
LISTED = 12  # classes
UNEQUAL = 0.02  # difference of accuracy and macro recall that is reported


@dataclass(frozen=True)
class Balance:
    """Number of training images of each class: `counts` in the order of `names`."""

    names: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def ratio(self) -> float:
        """Images of the most frequent class per image of the rarest; may be inf."""
        return max(self.counts) / min(self.counts) if min(self.counts) else np.inf

    @property
    def largest_share(self) -> float:
        """The accuracy of always predicting the most frequent class."""
        return max(self.counts) / max(1, sum(self.counts))

    def in_words(self) -> str:
        """The counts in descending order; only the extremes of many classes."""
        names = map(one_line, self.names)
        ranked = sorted(zip(self.counts, names, strict=True), key=_falling)
        if len(ranked) > LISTED:
            first, last = (
                f"{count:,} {name}" for count, name in (ranked[0], ranked[-1])
            )
            listed = f"from {first} to {last}"
        else:
            listed = ", ".join(f"{count:,} {name}" for count, name in ranked)
        ratio = "a class has none" if np.isinf(self.ratio) else f"{self.ratio:.3g} to 1"
        return f"imbalanced classes: {listed} ({ratio})"


def balance_of(run: Run) -> Balance:
    """The class counts of the training images of a run."""
    resolved = run.config.resolved
    assert resolved is not None, "a run is resolved"
    names = resolved.class_names
    return Balance(names, _counts(run.parts.train, len(names)))


def imbalance_notice(balance: Balance, class_weight: object) -> str:
    """The notice before training; empty if the classes are nearly balanced."""
    if balance.ratio < RATIO:
        return ""
    if class_weight is not None:
        return f"{balance.in_words()}; weighted by --class-weight"
    return f"{balance.in_words()}; for equal weights use --class-weight balanced"


def evaluation_of(run: Run) -> Evaluation | None:
    """Evaluate on the test images, or else on the validation images.

    None if the classes are balanced: accuracy and macro recall differ by no more than
    the class frequencies do.
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
    """Whether rare classes have a markedly lower recall."""
    return found.accuracy - _macro_recall(found) >= UNEQUAL


def macro_recall_note(found: Evaluation | None) -> str:
    """The macro recall and the accuracy if they differ, otherwise ''."""
    if found is None or abs(found.accuracy - _macro_recall(found)) < UNEQUAL:
        return ""
    some = "classes" if found.support.all() else "classes with images"
    return (
        f"macro recall {_macro_recall(found):.2%} (unweighted mean over {some}), "
        f"accuracy {found.accuracy:.2%}"
    )


def _macro_recall(found: Evaluation) -> float:
    """The mean recall of the classes that have images: the others have none."""
    return float(found.recall[found.support > 0].mean())


def _counts(split: Split, classes: int) -> tuple[int, ...]:
    return tuple(np.bincount(split.targets, minlength=classes).tolist())


def _falling(ranked: Sequence[int | str]) -> tuple[int, str]:
    count, name = ranked
    return -int(count), str(name)
