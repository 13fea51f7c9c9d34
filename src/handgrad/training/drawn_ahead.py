"""The augmentation of several steps, drawn at once."""

from collections.abc import Sequence
from operator import is_
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.augmentation import Augmentation, CutMix, Mixup
from handgrad.augmentation.mixture import Mixer
from handgrad.augmentation.recorded_operations import is_recordable
from handgrad.datasets.dataset import Split
from handgrad.engine.engine import Batch
from handgrad.equations import was_edited
from handgrad.randomness import Key
from handgrad.training.augmented import augmented

STEPS = 32  # drawn at once, at most
IMAGES = 2048  # of all these steps, unless the first has more
MIXERS = CutMix, Mixup


class Drawn(NamedTuple):
    """The batches of consecutive steps, and all that their draws depended on besides.

    Their rows are copies, which show whether the rows of a step are other ones now.
    """

    first_step: int
    batches: list[Batch]
    settings: list[object]

    def batch(
        self, rows: NumpyArray, step: int, settings: list[object]
    ) -> Batch | None:
        """The batch of these `rows` at this step, if it was drawn with `settings`."""
        if not 0 <= step - self.first_step < len(self.batches):
            return None
        found = self.batches[step - self.first_step]
        is_same = np.array_equal(found.rows, rows)
        is_same &= len(settings) == len(self.settings)
        return found if is_same and all(map(is_, settings, self.settings)) else None


class DrawnAhead:
    """The augmented batch of a step, drawn along with those of the next steps.

    A draw for one batch spends most of its time in calls of NumPy, whatever the number
    of images. Draws are functions of (step, example), so these batches have the bits of
    `augmented`. They are drawn again where rows, step or settings are not those that
    were expected.
    """

    def __init__(self, key: Key) -> None:
        self._key = key
        self._drawn = Drawn(0, [], [])

    def batch(
        self,
        split: Split,
        augmentation: Sequence[Augmentation | Mixer],
        batches: Sequence[NumpyArray],
        place: int,
        step: int,
    ) -> Batch:
        """The batch of the rows `batches[place]`, which belong to this `step`."""
        rows = batches[place]
        if not augmentation or not all(map(_is_known, augmentation)):
            return augmented(split, augmentation, rows, self._key.at(step, rows))
        values = (value for change in augmentation for value in vars(change).values())
        settings = [split, *augmentation, *values]
        found = self._drawn.batch(rows, step, settings)
        if found is None:
            upcoming = _first(batches[place : place + STEPS])
            drawn = self._draw(split, augmentation, upcoming, step)
            self._drawn = Drawn(step, drawn, settings)
            found = drawn[0]
        return found

    def _draw(
        self,
        split: Split,
        augmentation: Sequence[Augmentation | Mixer],
        upcoming: Sequence[NumpyArray],
        step: int,
    ) -> list[Batch]:
        """The batches of the `upcoming` rows, from this step on."""
        counts = [len(rows) for rows in upcoming]
        steps = np.repeat(np.arange(step, step + len(counts)), counts)
        every = np.concatenate(upcoming)
        whole = augmented(split, augmentation, every, self._key.at(steps, every))
        ends = np.cumsum(counts).tolist()
        parts = map(slice, [0, *ends], ends)
        return [whole.part(part, number) for number, part in enumerate(parts, step)]


def _first(upcoming: Sequence[NumpyArray]) -> Sequence[NumpyArray]:
    """As many as have `IMAGES` together, at least one."""
    ends = np.cumsum([len(rows) for rows in upcoming])
    return upcoming[: max(1, int(np.sum(ends <= IMAGES)))]


def _is_known(change: Augmentation | Mixer) -> bool:
    """Whether all that an augmentation draws is recorded, by code of the library."""
    kind = type(change)
    return is_recordable(change) or (kind in MIXERS and not was_edited(kind))
