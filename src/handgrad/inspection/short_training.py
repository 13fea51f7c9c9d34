"""Short trainings that are looked at on the same images throughout.

A batch's own loss says as much about the batch as about the network; between two looks
at the same images, only the network has changed.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets import Normalization, Split
from handgrad.engine.engine import Batch
from handgrad.layers import Sequential
from handgrad.losses import Loss
from handgrad.losses.loss import forward_loss
from handgrad.metrics import count_confusions
from handgrad.optimizers import Optimizer
from handgrad.schedules import Schedule

if TYPE_CHECKING:
    from handgrad.engine.cpu import CpuEngine

BURST = 4.0  # a loss this many times that of the untrained network ends a training
SURE = 4.0  # standard errors above the share of the most frequent class
WHOLE = "the whole range was swept"


@dataclass
class Course:
    """What one training showed.

    `ended` says why it ended.

    Shapes
        losses  one for each step that was taken, of its batch
        seen    (loss, fraction right) on the same images: before, then at each look
    """

    losses: list[float] = field(default_factory=list)
    seen: list[tuple[float, float]] = field(default_factory=list)
    ended: str = WHOLE

    @property
    def is_whole(self) -> bool:
        """Whether all steps were taken, and the loss has not burst."""
        return self.ended == WHOLE

    @property
    def seen_losses(self) -> NumpyArray:
        """The losses on the same images, (looks + 1,)."""
        return np.array([loss for loss, _ in self.seen])


@dataclass(frozen=True)
class ShortTraining:
    """A training that starts from the same network each time, on the same batches.

    Shapes
        rows  (steps, batch_size), row numbers of `train`
        look  row numbers of the images that are looked at
    """

    model: Sequential
    train: Split
    loss: Loss[Any]
    optimizer: Callable[[Schedule], Optimizer]
    normalization: Normalization
    rows: NumpyArray
    look: NumpyArray
    every: int
    seed: int

    @property
    def chance(self) -> float:
        """The fraction right that a network may well reach without learning."""
        counts = np.bincount(self.train.targets[self.look])
        share = counts.max() / counts.sum()
        return float(min(share + SURE * (share * (1 - share) / counts.sum()) ** 0.5, 1))

    def longer(self, times: int) -> "ShortTraining":
        """The same with the same batches so many times over, and as many looks."""
        rows = np.tile(self.rows, (times, 1))
        return replace(self, rows=rows, every=times * self.every)

    def run(self, rates: Sequence[float] | NumpyArray) -> Course:
        """Train a copy of the network, each step at its rate."""
        engine, course = self._engine(rates), Course()
        with np.errstate(all="ignore"):  # what it shows stands in the course
            course.seen.append(self._seen(engine))
            for step, batch in enumerate(self.rows, 1):
                seen = Batch(self.train.images, self.train.targets, batch, batch)
                result = engine.train_step(seen, step)
                if not (result.is_finite and np.isfinite(result.loss)):
                    course.ended = f"step {step} gave NaN or infinity"
                    break
                course.losses.append(result.loss)
                if step % self.every == 0 and not self._goes_on(engine, course):
                    break
        return course

    def _goes_on(self, engine: "CpuEngine", course: Course) -> bool:
        """Look at the network; False where the training has burst."""
        loss, right = self._seen(engine)
        if not np.isfinite(loss):
            course.ended = f"after step {len(course.losses)} the loss was no number"
            return False
        course.seen.append((loss, right))
        if loss > BURST * course.seen[0][0]:
            course.ended = f"the loss rose to {BURST:g} times that of the start"
            return False
        return True

    def _seen(self, engine: "CpuEngine") -> tuple[float, float]:
        targets = self.train.targets[self.look]
        logits = engine.logits(self.train.images[self.look])
        loss, _ = forward_loss(self.loss, logits, targets, None)
        right = np.trace(count_confusions(logits, targets))
        return float(loss), float(right / len(targets))

    def _engine(self, rates: Sequence[float] | NumpyArray) -> "CpuEngine":
        from handgrad.engine.cpu import CpuEngine  # Numba is slow to import

        return CpuEngine(
            deepcopy(self.model),
            self.loss,
            self.optimizer(lambda step: float(rates[step - 1])),
            self.normalization,
            input_shape=self.train.image_shape,
            input_dtype=str(self.train.images.dtype),
            batch_size=self.rows.shape[1],
            seed=self.seed,
        )
