"""The plain engine: the layers as they are written, on NumPy, a whole batch at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from handgrad.arrays import Gradients, NumpyArray, Shape
from handgrad.datasets.normalization import Normalization
from handgrad.engine.batch_check import BatchCheck, are_all_finite
from handgrad.engine.engine import Batch, Between, StepResult, nothing
from handgrad.engine.state import model_state, restore_model, take
from handgrad.layers.sequential import Sequential
from handgrad.losses import L2, Loss
from handgrad.losses.loss import forward_loss
from handgrad.optimizers import Optimizer, clip_by_norm
from handgrad.randomness import Key

PREDICTION_BATCH = 256  # images: few enough that the activations stay small


class PlainEngine:
    """Readable training: every line is an equation of the layers, losses, optimizers.

    Matrix products run on one thread, so the bits do not depend on how many cores
    a machine has.
    """

    def __init__(  # noqa: PLR0913 (everything that a step depends on)
        self,
        model: Sequential,
        loss: Loss[Any],
        optimizer: Optimizer,
        normalization: Normalization,
        *,
        input_shape: Shape,
        input_dtype: str = "uint8",
        seed: int = 0,
        l2: L2 | None = None,
        clip_norm: float | None = None,
    ) -> None:
        self.check = BatchCheck(model, input_shape, normalization, input_dtype, loss)
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.normalization = normalization
        self.l2, self.clip_norm = l2, clip_norm
        self._key = Key(seed).child("dropout")
        self._states = {
            name: optimizer.initial_state(parameter)
            for name, parameter in model.parameters().items()
        }
        self._threads = ThreadpoolController()

    def train_step(self, batch: Batch, step: int) -> StepResult:
        """Forward, loss, backward, one update of every parameter."""
        self.check(batch)
        with self._threads.limit(limits=1, user_api="blas"), np.errstate(all="ignore"):
            return self._step(batch, step)

    def logits(self, images: NumpyArray, between: Between = nothing) -> NumpyArray:
        """Logits (count, classes), float32."""
        images = self.check.inputs(images)
        with self._threads.limit(limits=1, user_api="blas"), np.errstate(all="ignore"):
            return plain_logits(self.model, self.normalization, images, between)

    def state(self) -> dict[str, NumpyArray]:
        """Copies of parameters, buffers and optimizer state, by name."""
        state = model_state(self.model)
        for name, arrays in self._states.items():
            for key, array in arrays.items():
                state[f"optimizer/{name}/{key}"] = np.array(array, order="C")
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

    def _step(self, batch: Batch, step: int) -> StepResult:
        inputs = self.normalization.apply(batch.pictures())
        targets = batch.targets[batch.rows]
        key = self._key.at(step, batch.examples)
        logits, caches = self.model.forward(inputs, training=True, key=key)
        weights = batch.example_weights()
        loss, cache = forward_loss(self.loss, logits, targets, weights)
        _, gradients = self.model.backward(self.loss.backward(cache), caches)
        loss, gradients = self._add_penalty(loss, gradients)
        correct = int(np.count_nonzero(logits.argmax(axis=1) == targets))
        if not (np.isfinite(loss) and all(map(are_all_finite, gradients.values()))):
            return StepResult(loss, correct, is_finite=False)
        norm = None
        if self.clip_norm is not None:
            gradients, norm = clip_by_norm(gradients, self.clip_norm)
        for name, parameter in self.model.parameters().items():
            self.optimizer.update(parameter, gradients[name], self._states[name], step)
            # the memory order decides the last bits of a product: keep it as saved
            parameter.value = np.ascontiguousarray(parameter.value)
        return StepResult(loss, correct, norm)

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


def plain_logits(
    model: Sequential,
    normalization: Normalization,
    images: NumpyArray,
    between: Between = nothing,
) -> NumpyArray:
    """Logits (count, classes) of a network that is not training, batch by batch."""
    parts = []
    for start in range(0, max(len(images), 1), PREDICTION_BATCH):  # none is one, too
        between()
        pixels = normalization.apply(images[start : start + PREDICTION_BATCH])
        parts.append(model.forward(pixels)[0])
    return np.concatenate(parts)
