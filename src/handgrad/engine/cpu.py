"""The CPU engine: a network compiled to a program over tiles."""

import copy
from collections.abc import Mapping
from typing import Any

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets.normalization import Normalization
from handgrad.engine.batch_check import BatchCheck
from handgrad.engine.bound_model import BoundModel
from handgrad.engine.engine import Batch, Between, StepResult, nothing
from handgrad.engine.kernels.entry import Announce
from handgrad.engine.optimizer_states import rule_of
from handgrad.engine.parameter_store import ParameterStore, flat_states
from handgrad.engine.parts import MOST_WORKERS, Parts
from handgrad.engine.planned_bytes import PlannedBytes, unused_bytes
from handgrad.engine.prediction import PredictionProgram
from handgrad.engine.processor import hold_to
from handgrad.engine.state import (
    kept_states,
    model_arrays,
    saved_optimizer,
    saved_state,
    take,
)
from handgrad.engine.training_program import TrainingProgram
from handgrad.engine.watch import SettingsWatch, Watch
from handgrad.engine.workers import available_cores
from handgrad.errors import RunError
from handgrad.layers.sequential import Sequential
from handgrad.losses import L2, Loss
from handgrad.optimizers import Optimizer
from handgrad.optimizers.optimizer import State
from handgrad.setting import count

PICKLED = (
    *("model", "loss", "optimizer", "normalization", "input_shape", "input_dtype"),
    *("batch_size", "seed", "l2", "clip_norm", "workers", "isa"),
)


class CpuEngine(Parts):
    """Trains and predicts tile by tile; the same bits for any number of workers.

    The model's parameters become views of one flat array that the engine updates, so
    the plain layers always use the trained values. Programs are made when they
    are first needed, and anew after a change of layers, loss, optimizer or settings;
    assigned arrays are copied, as float32. Any thread may use the engine: steps and
    parts of predictions run one at a time. Programs and threads are not pickled.
    """

    batch_size = count()
    workers = count(most=MOST_WORKERS)

    def __init__(  # noqa: PLR0913 (everything that a step depends on)
        self,
        model: Sequential,
        loss: Loss[Any],
        optimizer: Optimizer,
        normalization: Normalization,
        *,
        input_shape: Shape,
        input_dtype: str = "uint8",
        batch_size: int = 256,
        seed: int = 0,
        l2: L2 | None = None,
        clip_norm: float | None = None,
        workers: int | None = None,
        isa: str | None = None,
        announce: Announce | None = None,
    ) -> None:
        hold_to(isa)
        self.isa = isa
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.normalization, self.input_shape = normalization, input_shape
        self.input_dtype = input_dtype
        self.batch_size, self.seed = batch_size, seed
        self.l2, self.clip_norm = l2, clip_norm
        self.workers = available_cores() if workers is None else workers
        self.announce = announce
        self.states: dict[str, NumpyArray] = {}
        self.plain_states: dict[str, State] = {}
        self._bind({})

    def _bind(self, states: Mapping[str, State]) -> None:
        """Take over the model, and the optimizer's state of its parameters."""
        self.check = self._new_check()
        self.bound = BoundModel(self.model)
        self._operations = 0  # the largest number of recorded operations so far
        self._renew(states)

    def _renew(self, states: Mapping[str, State]) -> None:
        """Start again with these optimizer states, after a change of settings."""
        self._states_store = self.store
        self.states = flat_states(self.optimizer, self.store, states)
        is_known = rule_of(self.optimizer) is not None
        parameters = {} if is_known else self.store.parameters
        self.plain_states = kept_states(self.optimizer, parameters, states)
        self._settings = SettingsWatch(self, "batch_size", "workers")
        self._version = self.bound.version
        self._all: Watch | None = None
        self._is_torn = False
        self._training: TrainingProgram | None = None
        self._prediction: PredictionProgram | None = None

    def refresh(self) -> None:
        """Follow assignments of arrays, layers, settings."""
        is_other = self._settings.has_other_parts(self)
        if not is_other and self._all is not None and not self._all.is_changed():
            return
        if self._is_torn:
            raise RunError(
                "A training step was interrupted while it changed the network, so its "
                "arrays are half of one step and half of another. Restore a saved "
                "state, or make a new engine."
            )
        if self.bound.model is not self.model:
            self._bind(self._optimizer_states())
        self.bound.refresh()
        if self._settings.is_changed(self) or self._version != self.bound.version:
            self.check = self._new_check()
            keeps = self._training is not None and self._training.keep_gradients
            self._renew(self._optimizer_states())
            if keeps:
                self._training = self._new_program(keep_gradients=True)
        self._all = self.bound.watch(*self._settings.views)

    def _new_check(self) -> BatchCheck:
        shape, dtype = self.input_shape, self.input_dtype
        return BatchCheck(self.model, shape, self.normalization, dtype, self.loss)

    def _optimizer_states(self) -> dict[str, State]:
        """The optimizer's state of each parameter: the arrays themselves."""
        store = self._states_store
        states: dict[str, State] = {name: {} for name in store.parameters}
        for name, state in states.items():
            state |= {key: store.view(flat, name) for key, flat in self.states.items()}
            state |= self.plain_states.get(name, {})
        return states

    @property
    def store(self) -> ParameterStore:
        """The flat buffer that holds the parameters."""
        return self.bound.store

    @property
    def training(self) -> TrainingProgram:
        """The program of a step; made when first asked for."""
        with self.bound.lock:
            if self._training is None:
                self._training = self._new_program()
            return self._training

    def _new_program(self, *, keep_gradients: bool = False) -> TrainingProgram:
        return TrainingProgram(
            self, keep_gradients=keep_gradients, operations=self._operations
        )

    def make_room(self, operations: int) -> None:
        """Let batches have so many recorded operations; most have none."""
        with self.bound.lock:
            if operations > self._operations:
                self._operations = operations
                if self._training is not None:
                    keeps = self._training.keep_gradients
                    self._training = self._new_program(keep_gradients=keeps)

    @property
    def prediction(self) -> PredictionProgram:
        """The program of a forward pass; made when first asked for."""
        with self.bound.lock:
            if self._prediction is None:
                self._prediction = PredictionProgram(
                    self.bound, self.check, workers=self.workers, announce=self.announce
                )
            return self._prediction

    def planned_bytes(self, batch_size: int, images: int = 0) -> PlannedBytes:
        """Memory of training and of both programs, from their plans.

        A batch of fewer images than the engine's `batch_size` takes as much.
        """
        memory = self.training.program.memory
        gradients, activations = map(memory.bytes_for, ("gradients", "activations"))
        pages = memory.page_bytes
        if images:
            memory = self.prediction.program.memory
            unused = unused_bytes(memory, images)
            activations += memory.bytes_for("activations") - unused
            pages += memory.page_bytes - unused
        plain = [array for own in self.plain_states.values() for array in own.values()]
        roles = {
            "parameters": self.store.values.nbytes,
            "gradients": gradients,
            "optimizer": sum(array.nbytes for array in [*self.states.values(), *plain]),
            "activations": activations,
            "workspace": pages - gradients - activations,
        }
        return PlannedBytes(roles, is_kept=True)

    def train_step(self, batch: Batch, step: int) -> StepResult:
        """Forward, loss, backward, one update of every parameter."""
        with self.bound.lock:
            self.refresh()
            self.make_room(batch.operations)
            try:
                return (self._training or self.training).run(batch, step)
            except BaseException:
                self._is_torn = self._training is not None and self._training.is_torn
                if self._is_torn:
                    self._all = None
                raise

    def finished(self, step: int) -> StepResult | None:
        """The result of the last step, if it was this one and changed the model."""
        with self.bound.lock:
            return None if self._training is None else self._training.finished(step)

    def logits(self, images: NumpyArray, between: Between = nothing) -> NumpyArray:
        """Logits (count, classes), float32."""
        with self.bound.lock:
            self.refresh()
            prediction = self.prediction
        return prediction.logits(images, between)

    def state(self) -> dict[str, NumpyArray]:
        """Copies of parameters, buffers and optimizer state, by name."""
        with self.bound.lock:
            self.refresh()
            return saved_state(self.model, self._optimizer_states())

    def restore(self, state: Mapping[str, NumpyArray]) -> None:
        """Restore a state exactly; nothing changes unless all of it fits."""
        with self.bound.lock:
            was_torn, self._is_torn = self._is_torn, False
            try:
                self.refresh()
                self._restore(state)
            except BaseException:
                self._is_torn = was_torn
                raise
            self.bound.updates += 1

    def _restore(self, state: Mapping[str, NumpyArray]) -> None:
        arrays = {n: a.value for n, a in model_arrays(self.model).items()}
        for key, flat in self.states.items():
            for name in self.store.parameters:
                arrays[f"optimizer/{name}/{key}"] = self.store.view(flat, name)
        plain = saved_optimizer(state, self.plain_states)
        found = {name: take(state, name, array) for name, array in arrays.items()}
        for name, array in arrays.items():
            array[...] = found[name]
        for name, own in plain.items():
            self.plain_states[name].update(own)

    def __getstate__(self) -> dict[str, Any]:
        with self.bound.lock:
            self.refresh()
            kept = {name: getattr(self, name) for name in PICKLED}
            return kept | {"states": copy.deepcopy(self._optimizer_states())}

    def __setstate__(self, state: dict[str, Any]) -> None:
        hold_to(state.setdefault("isa", None))
        states = state.pop("states")
        vars(self).update(state, announce=None)
        self._bind(states)
