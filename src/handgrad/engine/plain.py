"""The plain engine (reference): the layers in NumPy, a whole batch at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from handgrad.arrays import Array, Gradients, NumpyArray, Shape
from handgrad.datasets.normalization import Normalization
from handgrad.engine.batch_check import BatchCheck, are_all_finite
from handgrad.engine.blas_threads import single_thread
from handgrad.engine.engine import Batch, Between, StepResult, nothing
from handgrad.engine.model_lock import lock_of
from handgrad.engine.network_layers import layers_of, trained
from handgrad.engine.parameter_check import check_parameters
from handgrad.engine.parts import Parts
from handgrad.engine.plain_passes import backward, forward
from handgrad.engine.planned_bytes import PlannedBytes, training_roles
from handgrad.engine.returned import (
    assigns,
    l2_gradients,
    loss_of,
    penalty_of,
    returned,
)
from handgrad.engine.state import (
    convert_arrays,
    kept_states,
    model_arrays,
    restore_model,
    saved_optimizer,
    saved_state,
)
from handgrad.engine.trial_step import step_bytes, trial_images
from handgrad.engine.watch import LayerWatch, SettingsWatch
from handgrad.free_memory import free_memory
from handgrad.layers.sequential import Sequential
from handgrad.losses import L2, Loss
from handgrad.losses.loss import forward_loss
from handgrad.optimizers import Optimizer, clip_by_norm
from handgrad.optimizers.multiplier import with_multiplier
from handgrad.optimizers.optimizer import State
from handgrad.parameter import Parameter
from handgrad.randomness import Key

PREDICTION_BATCH = 256  # images: few enough that the activations stay small


class PlainEngine(Parts):
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
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.normalization = normalization
        self.input_shape, self.input_dtype = input_shape, input_dtype
        self.l2, self.clip_norm = l2, clip_norm
        self.seed = seed
        self._states: dict[str, State] = {}
        self._finished: tuple[int, StepResult] | None = None
        self._renew()

    def train_step(self, batch: Batch, step: int) -> StepResult:
        """Forward, loss, backward, one update of every parameter."""
        with lock_of(self.model), single_thread, np.errstate(all="ignore"):
            self._refresh()
            self.check(batch)
            before = self._references()
            self._finished = None
            try:
                result = self._step(batch, step)
                self._finished = step, result
            except BaseException:
                self._finished = None
                self._go_back_to(before)
                raise
            return result

    def make_room(self, operations: int) -> None:
        """Any number of recorded operations runs."""

    def finished(self, step: int) -> StepResult | None:
        """The result of the last step, if it was this one and changed the model."""
        number, result = self._finished or (0, None)
        return result if number == step else None

    def _references(self) -> tuple[list[tuple[Parameter, Array]], dict[str, State]]:
        """The arrays as they are: a step makes new ones and leaves these alone."""
        arrays = [(array, array.value) for array in model_arrays(self.model).values()]
        return arrays, {name: dict(state) for name, state in self._states.items()}

    def _go_back_to(
        self, before: tuple[list[tuple[Parameter, Array]], dict[str, State]]
    ) -> None:
        """Undo an interrupted step."""
        arrays, self._states = before
        for parameter, value in arrays:
            parameter.value = value

    def logits(self, images: NumpyArray, between: Between = nothing) -> NumpyArray:
        """Logits (count, classes), float32."""
        with lock_of(self.model):
            self._refresh()
        images = self.check.inputs(images)
        return plain_logits(self.model, self.normalization, images, between)

    def planned_bytes(self, batch_size: int, images: int = 0) -> PlannedBytes:
        """Memory of training: roles from shapes, workspace from steps of a few images.

        These steps are left out if they may exceed the free memory.
        """
        parts = self.model, self.optimizer, self.input_shape
        roles, free = training_roles(*parts, batch_size), free_memory()
        few = training_roles(*parts, trial_images(batch_size))
        moved = 2 * (roles["parameters"] + roles["optimizer"])  # new ones, and a copy
        if sum(few.values()) + moved > free:
            return PlannedBytes({**roles, "workspace": moved}, is_kept=False)
        rest = max(0, self._step_bytes(batch_size, images) - roles["gradients"])
        roles["activations"] = min(roles["activations"], max(0, rest - roles["input"]))
        roles["workspace"] = max(0, rest - roles["input"] - roles["activations"])
        return PlannedBytes(roles, is_kept=False)

    def _step_bytes(self, batch_size: int, images: int) -> int:
        """Peak of a step or a prediction, estimated from steps that are undone."""
        layers = len(layers_of(self.model))
        predicted = min(images, PREDICTION_BATCH)
        with lock_of(self.model), single_thread, np.errstate(all="ignore"):
            before = self.state()
            try:
                return step_bytes(self._trial_step, layers, batch_size, predicted)
            finally:
                self.restore(before)

    def _trial_step(self, count: int, between: Between) -> None:
        """A step with one black image as many times."""
        images = np.zeros((1, *self.input_shape), dtype=self.input_dtype)
        rows, examples = np.zeros(count, dtype=np.int64), np.arange(count)
        before = self._references()  # a step holds the arrays as they were
        self._step(Batch(images, rows[:1], rows, examples), 1, between)
        del before

    def state(self) -> dict[str, NumpyArray]:
        """Copies of parameters, buffers and optimizer state, by name."""
        with lock_of(self.model):
            self._refresh()
            return saved_state(self.model, self._states)

    def restore(self, state: Mapping[str, NumpyArray]) -> None:
        """Restore a state exactly."""
        with lock_of(self.model):
            self._refresh()
            restored = saved_optimizer(state, self._states)
            restore_model(self.model, state)
            self._states = restored

    def _refresh(self) -> None:
        """Follow assignments."""
        check_parameters(self.model)
        convert_arrays(self.model)
        if self._layers.is_changed() or self._settings.is_changed(self):
            self._renew()

    def _renew(self) -> None:
        """Check the parts of the engine, and keep the states that still fit."""
        shape, dtype = self.input_shape, self.input_dtype
        self.check = BatchCheck(self.model, shape, self.normalization, dtype, self.loss)
        check_parameters(self.model)
        convert_arrays(self.model)
        parameters = self.model.parameters()
        self._states = kept_states(self.optimizer, parameters, self._states)
        self._key = Key(self.seed).child("dropout")
        self._layers = LayerWatch(self.model)
        self._settings = SettingsWatch(self)

    def __getstate__(self) -> dict[str, Any]:
        watches = ("check", "_layers", "_settings")
        return {name: v for name, v in vars(self).items() if name not in watches}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._renew()

    def _step(self, batch: Batch, step: int, between: Between = nothing) -> StepResult:
        inputs = self.normalization.apply(batch.pictures())
        key = self._key.at(step, batch.examples)
        logits, kept = forward(
            self.model, inputs, training=True, key=key, between=between
        )
        weights = batch.example_weights()
        labels = batch.labels(logits.shape[1])
        mean, cache = forward_loss(self.loss, logits, labels, weights)
        loss, d_logits = loss_of(self.loss, mean), self.loss.backward(cache)
        d_logits = returned("", self.loss, "d_logits", d_logits, logits.shape)
        gradients = backward(d_logits, kept, between)
        parameters = trained(self.model.parameters())
        for name in gradients.keys() - parameters.keys():
            del gradients[name]
        loss, gradients = self._add_penalty(loss, gradients)
        correct = int(np.count_nonzero(logits.argmax(axis=1) == batch.main_labels()))
        if not (np.isfinite(loss) and all(map(are_all_finite, gradients.values()))):
            return StepResult(loss, correct, is_finite=False)
        norm = None
        if self.clip_norm is not None:
            gradients, norm = clip_by_norm(gradients, self.clip_norm)
        for name, parameter in parameters.items():
            multiplier = parameter.learning_rate_multiplier
            optimizer = with_multiplier(self.optimizer, multiplier)
            own = parameter, gradients[name], self._states[name]
            assigns(optimizer, optimizer.update(*own, step))
            # the memory order decides the last bits of a product: keep it as saved
            shape, who = gradients[name].shape, f"a value of {name}"
            moved = returned("", self.optimizer, who, parameter.value, shape)
            parameter.value = np.ascontiguousarray(moved)
        return StepResult(loss, correct, norm)

    def _add_penalty(
        self, loss: float, gradients: Gradients
    ) -> tuple[float, Gradients]:
        if self.l2 is None:
            return loss, gradients
        parameters = trained(self.model.parameters())
        extra = l2_gradients(self.l2, parameters)
        summed = {
            name: gradient + extra[name] if name in extra else gradient
            for name, gradient in gradients.items()
        }
        return loss + penalty_of(self.l2, parameters), summed


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
        with lock_of(model), single_thread, np.errstate(all="ignore"):
            pixels = normalization.apply(images[start : start + PREDICTION_BATCH])
            parts.append(forward(model, pixels)[0])
    return np.concatenate(parts)
