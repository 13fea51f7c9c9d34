"""What augmentation does to a data set."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from handgrad.augmentation import Augmentation
from handgrad.datasets.dataset import Split
from handgrad.inspection.figures.labelled_samples import (
    MOST_ACROSS,
    MOST_CLASSES,
    labelled_samples,
)
from handgrad.randomness import Key
from handgrad.ranges import check_count
from handgrad.training.augmented import augmented


def augmented_samples(
    split: Split,
    class_names: Sequence[str],
    augmentation: Sequence[Augmentation],
    *,
    per_class: int = 10,
    seed: int = 0,
) -> Figure:
    """Draw the first image of each class, then the same image augmented, in a row.

    Column s shows what a run with this `seed` trains on where the image is drawn in
    step s.
    """
    check_count("augmented_samples", "per_class", per_class, most=MOST_ACROSS)
    targets = [n for n in range(len(class_names[:MOST_CLASSES])) if n in split.targets]
    rows = np.array([np.argmax(split.targets == n) for n in targets], dtype=np.int64)
    key = Key(seed).child("augmentation")
    shown = [split.images[rows]]
    for step in range(1, per_class):
        batch = augmented(split, augmentation, rows, key.at(step, rows))
        shown.append(batch.pictures())
    return labelled_samples(
        np.concatenate(shown),
        np.tile(targets, per_class),
        class_names,
        per_class=per_class,
        heading="First image of each class, then augmented",
    )
