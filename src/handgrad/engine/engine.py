"""The interface of all engines: training steps, logits, and a state to save."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.augmentation.mixture import Mixture, mix
from handgrad.augmentation.recorded_operations import Recorded, perform
from handgrad.augmentation.source_coordinates import look
from handgrad.datasets.normalization import Normalization
from handgrad.layers.sequential import Sequential

if TYPE_CHECKING:
    from handgrad.engine.batch_check import BatchCheck
    from handgrad.engine.planned_bytes import PlannedBytes
    from handgrad.optimizers import Optimizer

HALF = np.float32(0.5)  # of a label: from here on its share is the larger


@dataclass(frozen=True)
class Batch:
    """Rows of a set of inputs, and the numbers that their random draws belong to.

    Shapes
        images    (all, channels, height, width) or (all, features), uint8 or float32
        targets   (all,), int64
        rows      (batch,), int64: which of the images, in the order of the batch
        examples  (batch,), int64: their numbers in the training set
        views     (batch, numbers), int64: how each image is looked at, see
                  `augmentation.source_coordinates`; None where all are seen as they are
        weights   (all,), float32: how much each example counts in the loss, from 0 up;
                  None where all count alike
        recorded  operations that change the images, see
                  `augmentation.recorded_operations`; None without. A batch has these or
                  `views`
        mixture   second images, and how they and their labels are mixed with those of
                  the batch, see `augmentation.mixture`; None without
    """

    images: NumpyArray
    targets: NumpyArray
    rows: NumpyArray
    examples: NumpyArray
    views: NumpyArray | None = None
    weights: NumpyArray | None = None
    recorded: Recorded | None = None
    mixture: Mixture | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def operations(self) -> int:
        """The number of recorded operations, mixing included."""
        own = 0 if self.recorded is None else len(self.recorded.steps)
        return own + (self.mixture is not None)

    def part(self, images: slice, step: int) -> "Batch":
        """Some images of a batch of several steps: those of one `step`."""
        rows = self.rows[images]
        examples = rows if self.rows is self.examples else self.examples[images]
        return replace(
            self,
            rows=rows,
            examples=examples,
            views=None if self.views is None else self.views[images],
            recorded=self.recorded and self.recorded.part(images, step, examples),
            mixture=self.mixture and self.mixture.part(images, step),
        )

    def pictures(self) -> NumpyArray:
        """The inputs of these rows, augmented: (batch, ...)."""
        pictures = self._changed(self.rows, self.recorded)
        if self.views is not None:
            pictures = look(pictures, self.views)
        if self.mixture is None:
            return pictures
        others = self._changed(self.mixture.rows, self.mixture.recorded)
        return mix(pictures, others, self.mixture)

    def labels(self, classes: int) -> NumpyArray:
        """Class numbers, (batch,), or soft labels, (batch, `classes`), of a mixture."""
        own: NumpyArray = self.targets[self.rows]
        if self.mixture is None:
            return own
        every, share = np.arange(classes), self.mixture.shares[:, None]
        other = self.targets[self.mixture.rows]
        first, second = (labels[:, None] == every for labels in (own, other))
        soft: NumpyArray = share * first + (1 - share) * second
        return soft

    def main_labels(self) -> NumpyArray:
        """The class numbers that accuracy counts: those of the larger share."""
        own: NumpyArray = self.targets[self.rows]
        if self.mixture is None:
            return own
        is_own = self.mixture.shares >= HALF
        return np.where(is_own, own, self.targets[self.mixture.rows])

    def example_weights(self) -> NumpyArray | None:
        """The weights of these rows, (batch,); None where all count alike.

        The weight of a mixed image is the mixture of both weights.
        """
        if self.weights is None:
            return None
        own: NumpyArray = self.weights[self.rows]
        if self.mixture is None:
            return own
        share, other = self.mixture.shares, self.weights[self.mixture.rows]
        both: NumpyArray = share * own + (1 - share) * other
        return both

    def _changed(self, rows: NumpyArray, recorded: Recorded | None) -> NumpyArray:
        pictures: NumpyArray = self.images[rows]
        return pictures if recorded is None else perform(pictures, recorded)


@dataclass(frozen=True)
class StepResult:
    """The result of one step: the loss (with its L2 term) before the update.

    `correct` counts predictions of the class of the larger share, see `main_labels`.

    `is_finite` is false when the loss or a gradient held NaN or infinity; then no
    parameter was updated, so that the cause can still be found. The CPU engine checks
    the loss, and the gradients' norm if they are clipped; an infinite gradient of a
    finite loss shows in the loss of the next step.
    """

    loss: float
    correct: int
    gradient_norm: float | None = None
    is_finite: bool = True


Between = Callable[[], None]


def nothing() -> None:
    """The default of `between`: do nothing."""


class Engine(Protocol):
    """Runs a network: the plain engine (reference), or the CPU engine (compiled)."""

    model: Sequential
    optimizer: "Optimizer"
    normalization: Normalization
    check: "BatchCheck"

    def train_step(self, batch: Batch, step: int) -> StepResult:
        """Forward, loss, backward, one update of every parameter."""

    def make_room(self, operations: int) -> None:
        """Let batches have so many recorded operations, before the first of them.

        The CPU engine's program of a step depends on it, and is then made only once.
        """

    def planned_bytes(self, batch_size: int, images: int = 0) -> "PlannedBytes":
        """Memory of training, by role; none of it is allocated.

        Steps have at most `batch_size` images; `images` are predicted at once.
        """

    def finished(self, step: int) -> StepResult | None:
        """The result of the last step, if it was this one and changed the model.

        So an interrupted caller knows whether to repeat the step.
        """

    def logits(self, images: NumpyArray, between: Between = nothing) -> NumpyArray:
        """Logits (count, classes), float32, of as many inputs.

        They are computed in parts; `between` is called before each, and may raise.
        """

    def state(self) -> dict[str, NumpyArray]:
        """Copies of parameters, buffers and optimizer state, by name."""

    def restore(self, state: Mapping[str, NumpyArray]) -> None:
        """Restore a state exactly."""
