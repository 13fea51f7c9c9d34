"""Short trainings that are evaluated on a fixed sample of images.

The loss of a batch depends on the batch as much as on the network; between two
evaluations on the same images, only the network has changed.
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

DIVERGED = 4.0  # a loss this many times the initial loss ends the training
MARGIN = 4.0  # standard errors above the fraction of the most frequent class
WHOLE = "the whole range was swept"


@dataclass
class Course:
    """The course of one training.

    `ended` says why it ended.

    Shapes
        losses  one batch loss per step taken
        seen    (loss, accuracy) on the fixed sample: before training, then at each
                evaluation
    """

    losses: list[float] = field(default_factory=list)
    seen: list[tuple[float, float]] = field(default_factory=list)
    ended: str = WHOLE

    @property
    def is_whole(self) -> bool:
        """Whether all steps were taken without divergence."""
        return self.ended == WHOLE

    @property
    def seen_losses(self) -> NumpyArray:
        """The losses on the fixed sample, (evaluations + 1,)."""
        return np.array([loss for loss, _ in self.seen])


@dataclass(frozen=True)
class ShortTraining:
    """A training that always starts from the same network and uses the same batches.

    `every` is the number of steps between two evaluations.

    Shapes
        rows       (steps, batch_size), row numbers of `train`
        evaluated  row numbers of the images used for evaluation
    """

    model: Sequential
    train: Split
    loss: Loss[Any]
    optimizer: Callable[[Schedule], Optimizer]
    normalization: Normalization
    rows: NumpyArray
    evaluated: NumpyArray
    every: int
    seed: int

    @property
    def chance(self) -> float:
        """The accuracy that a network may well reach without learning."""
        counts = np.bincount(self.train.targets[self.evaluated])
        share = counts.max() / counts.sum()
        error = (share * (1 - share) / counts.sum()) ** 0.5
        return float(min(share + MARGIN * error, 1))

    def longer(self, times: int) -> "ShortTraining":
        """The training with its batches repeated, and as many evaluations."""
        rows = np.tile(self.rows, (times, 1))
        return replace(self, rows=rows, every=times * self.every)

    def run(self, rates: Sequence[float] | NumpyArray) -> Course:
        """Train a copy of the network, each step at its rate."""
        engine, course = self._engine(rates), Course()
        with np.errstate(all="ignore"):  # NaN and infinity are recorded in the course
            course.seen.append(self._seen(engine))
            for step, batch in enumerate(self.rows, 1):
                seen = Batch(self.train.images, self.train.targets, batch, batch)
                result = engine.train_step(seen, step)
                if not (result.is_finite and np.isfinite(result.loss)):
                    course.ended = f"the loss or gradient was not finite at step {step}"
                    break
                course.losses.append(result.loss)
                if step % self.every == 0 and not self._goes_on(engine, course):
                    break
        return course

    def _goes_on(self, engine: "CpuEngine", course: Course) -> bool:
        """Evaluate the network; return False if the training has diverged."""
        loss, right = self._seen(engine)
        if not np.isfinite(loss):
            course.ended = f"the loss was not finite after step {len(course.losses)}"
            return False
        course.seen.append((loss, right))
        if loss > DIVERGED * course.seen[0][0]:
            course.ended = f"the loss exceeded {DIVERGED:g} times its initial value"
            return False
        return True

    def _seen(self, engine: "CpuEngine") -> tuple[float, float]:
        targets = self.train.targets[self.evaluated]
        logits = engine.logits(self.train.images[self.evaluated])
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
