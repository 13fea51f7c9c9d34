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

    `keeps_mirrored` and `keeps_turned` say whether it recognises mirrored images, and
    those turned by quarters, as well as upright ones; `swapped` are two classes of
    which each is taken for the other in the mirror, if there are any.

    Units
        upright, mirrored  accuracies
        images             number of images held out
    """

    images: int
    upright: float
    mirrored: float
    keeps_mirrored: bool = False
    keeps_turned: bool = False
    swapped: tuple[int, int] | None = None


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
        keeps(targets, upright, mirrored),
        len(turned) == QUARTERS and all(keeps(targets, upright, v) for v in views),
        swapped(targets, upright, mirrored),
    )


def keeps(targets: Answers, upright: Answers, changed: Answers) -> bool:
    """Whether changed images are recognised as well as upright ones, in every class."""
    right, counts = upright == targets, np.bincount(targets)
    images, largest = len(targets), counts.max() / len(targets)
    guessed = images * largest + CERTAIN * sqrt(images * largest * (1 - largest))
    if right.sum() < guessed:  # it has learned too little to tell
        return False
    lost, gained = right & (changed != targets), ~right & (changed == targets)
    difference, both = lost.sum() - gained.sum(), lost.sum() + gained.sum()
    if difference + 2 * sqrt(both) > LOST * right.sum():
        return False
    before = np.bincount(targets[right], minlength=len(counts))
    after = np.bincount(targets[changed == targets], minlength=len(counts))
    judged = before >= FEW
    is_kept = 2 * after[judged] >= before[judged]
    return bool(counts[judged].sum() >= JUDGED * images and is_kept.all())


def swapped(
    targets: Answers, upright: Answers, mirrored: Answers
) -> tuple[int, int] | None:
    """Two classes most of whose recognised images become the other one mirrored."""
    right = upright == targets
    known = Counter(targets[right].tolist())
    pairs = Counter(zip(targets[right].tolist(), mirrored[right].tolist(), strict=True))
    becomes = {
        one: other
        for (one, other), count in pairs.items()
        if one != other and known[one] >= PAIR and 2 * count > known[one]
    }
    return next(
        ((one, other) for one, other in becomes.items() if becomes.get(other) == one),
        None,
    )
