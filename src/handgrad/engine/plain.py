"""The plain engine: the layers as they are written, on NumPy, a whole batch at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from handgrad.arrays import Gradients, NumpyArray
from handgrad.datasets.normalization import Normalization
from handgrad.engine.engine import Batch, StepResult
from handgrad.engine.state import model_state, restore_model, take
from handgrad.layers import Sequential
from handgrad.losses import L2, Loss
from handgrad.optimizers import Optimizer, clip_by_norm
from handgrad.randomness import Key

PREDICTION_BATCH = 500


class PlainEngine:
    """Readable training: every line is an equation of the layers, losses, optimizers."""

    def __init__(
        self,
        model: Sequential,
        loss: Loss[Any],
        optimizer: Optimizer,
        normalization: Normalization,
        *,
        seed: int = 0,
        l2: L2 | None = None,
        clip_norm: float | None = None,
    ) -> None:
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.normalization = normalization
        self.l2, self.clip_norm = l2, clip_norm
        self._key = Key(seed).child("dropout")
        self._states = {
            name: optimizer.initial_state(parameter)
            for name, parameter in model.parameters().items()
        }

    def train_step(self, batch: Batch, step: int) -> StepResult:
        """Forward, loss, backward, one update of every parameter."""
        inputs = self.normalization.apply(batch.images[batch.rows])
        targets = batch.targets[batch.rows]
        key = self._key.at(step, batch.examples)
        logits, caches = self.model.forward(inputs, training=True, key=key)
        loss, cache = self.loss.forward(logits, targets)
        _, gradients = self.model.backward(self.loss.backward(cache), caches)
        loss, gradients = self._add_penalty(loss, gradients)
        norm = None
        if self.clip_norm is not None:
            gradients, norm = clip_by_norm(gradients, self.clip_norm)
        for name, parameter in self.model.parameters().items():
            self.optimizer.update(parameter, gradients[name], self._states[name], step)
        correct = int(np.count_nonzero(logits.argmax(axis=1) == targets))
        return StepResult(loss, correct, norm)

    def logits(self, images: NumpyArray) -> NumpyArray:
        """Logits (count, classes), float32, in batches that fit a cache."""
        parts = [
            self.model.forward(self.normalization.apply(part))[0]
            for part in _parts(images)
        ]
        return np.concatenate(parts)

    def state(self) -> dict[str, NumpyArray]:
        """Copies of parameters, buffers and optimizer state, by name."""
        state = model_state(self.model)
        for name, arrays in self._states.items():
            for key, array in arrays.items():
                state[f"optimizer/{name}/{key}"] = np.array(array)
        return state

    def restore(self, state: Mapping[str, NumpyArray]) -> None:
        """Put a state back, exactly."""
        restored = {
            name: {
                key: np.array(take(state, f"optimizer/{name}/{key}", np.asarray(array)))
                for key, array in arrays.items()
            }
            for name, arrays in self._states.items()
        }
        restore_model(self.model, state)
        self._states = restored

    def _add_penalty(
        self, loss: float, gradients: Gradients
    ) -> tuple[float, Gradients]:
        if self.l2 is None:
            return loss, gradients
        parameters = self.model.parameters()
        extra = self.l2.gradients(parameters)
        summed = {
            name: gradient + extra[name] if name in extra else gradient
            for name, gradient in gradients.items()
        }
        return loss + self.l2.penalty(parameters), summed


def _parts(images: NumpyArray) -> list[NumpyArray]:
    starts = range(0, len(images), PREDICTION_BATCH)
    return [images[start : start + PREDICTION_BATCH] for start in starts]
