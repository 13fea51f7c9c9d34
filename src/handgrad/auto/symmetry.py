"""Whether mirrored and turned images keep their class, by a network's answers.

If a network that was trained on images as they are recognises held-out images mirrored
as well as upright, training may show it both; if it takes the mirror images of one
class for another class and the reverse, as with arrows, it must not.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Int64

from handgrad.arrays import NumpyArray

CERTAIN = 3.0  # standard errors above guessing the largest class
LOST = 0.15  # part of the recognised images that may be lost at most, with its error
FEW, PAIR = 5, 10  # recognised images of a class, to judge it alone or in a pair
JUDGED = 0.9  # part of the images whose class can be judged
QUARTERS = 3  # turns by 90, 180 and 270 degrees

Answers = Int64[NumpyArray, " images"]


@dataclass(frozen=True)
class Symmetry:
    """What a network trained on upright images answers for held-out ones.

    `has_learned` says whether it recognises more upright images than by guessing,
    `keeps_mirrored` and `keeps_turned`, whether mirrored images, and those turned by
    quarters, as well as upright ones; `swapped` are two classes of which each is taken
    for the other in the mirror, if there are any.

    Units
        upright, mirrored  accuracies
        images             number of images held out
    """

    images: int
    upright: float
    mirrored: float
    has_learned: bool = False
    keeps_mirrored: bool = False
    keeps_turned: bool = False
    swapped: tuple[int, int] | None = None

    @property
    def in_words(self) -> str:
        """Both accuracies, as the second half of a sentence."""
        return (
            f"a small network recognises {self.mirrored:.0%} of mirrored images and "
            f"{self.upright:.0%} of the others"
        )


def compared(
    targets: Answers, upright: Answers, mirrored: Answers, turned: Sequence[Answers]
) -> Symmetry:
    """Compare the answers for images as they are and changed.

    Shapes
        targets, upright, mirrored  (images,), class numbers
        turned                      three arrays like them, none if not square
    """
    views = [mirrored, *turned]
    return Symmetry(
        len(targets),
        float((upright == targets).mean()),
        float((mirrored == targets).mean()),
        exceeds_guessing(targets, upright),
        keeps(targets, upright, mirrored),
        len(turned) == QUARTERS and all(keeps(targets, upright, v) for v in views),
        swapped(targets, upright, mirrored),
    )


def exceeds_guessing(targets: Answers, answers: Answers) -> bool:
    """Whether certainly more answers are right than those of the largest class."""
    images, largest = len(targets), np.bincount(targets).max() / len(targets)
    guessed = images * largest + CERTAIN * sqrt(images * largest * (1 - largest))
    return bool((answers == targets).sum() >= guessed)


def keeps(targets: Answers, upright: Answers, changed: Answers) -> bool:
    """Whether changed images are recognised as well as upright ones, in every class."""
    if not exceeds_guessing(targets, upright):  # it has learned too little to tell
        return False
    right, counts = upright == targets, np.bincount(targets)
    lost, gained = right & (changed != targets), ~right & (changed == targets)
    difference, both = lost.sum() - gained.sum(), lost.sum() + gained.sum()
    if difference + 2 * sqrt(both) > LOST * right.sum():
        return False
    before = np.bincount(targets[right], minlength=len(counts))
    after = np.bincount(targets[changed == targets], minlength=len(counts))
    judged = before >= FEW
    is_kept = 2 * after[judged] >= before[judged]
    return bool(counts[judged].sum() >= JUDGED * len(targets) and is_kept.all())


def swapped(
    targets: Answers, upright: Answers, mirrored: Answers
) -> tuple[int, int] | None:
    """Two classes most of whose recognised images become the other one mirrored.

    That they are more than half is certain by two standard errors.
    """
    right = upright == targets
    known = Counter(targets[right].tolist())
    pairs = Counter(zip(targets[right].tolist(), mirrored[right].tolist(), strict=True))
    becomes = {
        one: other
        for (one, other), count in pairs.items()
        if one != other
        and known[one] >= PAIR
        and 2 * count > known[one] + 2 * sqrt(known[one])
    }
    return next(
        ((one, other) for one, other in becomes.items() if becomes.get(other) == one),
        None,
    )
