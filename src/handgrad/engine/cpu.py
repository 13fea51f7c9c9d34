"""The CPU engine: a network of plain layers as a program over tiles."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets.normalization import Normalization
from handgrad.engine.batch_check import BatchCheck
from handgrad.engine.engine import Batch, Between, StepResult, nothing
from handgrad.engine.kernels.blas import sgemm_address
from handgrad.engine.kernels.entry import Announce
from handgrad.engine.parameters import STATE_NAMES, ParameterStore, aligned, rule_of
from handgrad.engine.prediction import PredictionProgram
from handgrad.engine.state import model_arrays, model_state, take
from handgrad.engine.training_program import TrainingProgram
from handgrad.engine.workers import available_cores
from handgrad.layers.sequential import Sequential
from handgrad.losses import L2, Loss
from handgrad.optimizers import Optimizer
from handgrad.optimizers.optimizer import State


class CpuEngine:
    """Trains and predicts tile by tile; the same bits for any number of workers.

    The model's parameters become views into one flat buffer that the engine moves, so
    what the plain layers say is always what the engine has learned. Programs are made
    when they are first needed. From then on matrix libraries in this process run on
    one thread: the workers take the place of theirs.
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
        batch_size: int = 256,
        seed: int = 0,
        l2: L2 | None = None,
        clip_norm: float | None = None,
        workers: int | None = None,
        announce: Announce | None = None,
    ) -> None:
        self.check = BatchCheck(model, input_shape, normalization, input_dtype, loss)
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.normalization, self.input_shape = normalization, input_shape
        self.batch_size, self.seed = batch_size, seed
        self.l2, self.clip_norm = l2, clip_norm
        self.workers = workers or available_cores()
        self.announce = announce
        self.store = ParameterStore(model.parameters())
        rule = rule_of(optimizer)
        names = () if rule is None else STATE_NAMES[rule]
        self.states = {name: aligned(self.store.size) for name in names}
        self.plain_states: dict[str, State] = {
            name: optimizer.initial_state(parameter) if rule is None else {}
            for name, parameter in model.parameters().items()
        }
        sgemm_address()  # loads SciPy's BLAS, so that the limit reaches it
        self._limits = threadpool_limits(limits=1, user_api="blas")
        self._training: TrainingProgram | None = None
        self._prediction: PredictionProgram | None = None

    @property
    def training(self) -> TrainingProgram:
        """The program of a step; made when first asked for."""
        if self._training is None:
            self._training = TrainingProgram(self)
        return self._training

    @property
    def prediction(self) -> PredictionProgram:
        """The program of a forward pass; made when first asked for."""
        if self._prediction is None:
            self._prediction = PredictionProgram(
                self.model,
                self.store,
                self.check,
                workers=self.workers,
                announce=self.announce,
            )
        return self._prediction

    def planned_bytes(self, images: int) -> int:
        """What both programs will take: planned, and not yet taken.

        `images` is how many are predicted at once: of a place for more, only the part
        that these fill is ever taken from the system.
        """
        training = self.training.program.memory
        prediction = self.prediction.program.memory
        idle = 1 - min(1.0, images / prediction.capacity)
        activations = prediction.bytes_for("activations")
        return training.page_bytes + prediction.page_bytes - round(idle * activations)

    def train_step(self, batch: Batch, step: int) -> StepResult:
        """Forward, loss, backward, one update of every parameter."""
        return self.training.run(batch, step)

    def logits(self, images: NumpyArray, between: Between = nothing) -> NumpyArray:
        """Logits (count, classes), float32."""
        return self.prediction.logits(images, between)

    def state(self) -> dict[str, NumpyArray]:
        """Copies of parameters, buffers and optimizer state, by name."""
        state = model_state(self.model)
        for key, flat in self.states.items():
            for name in self.store.parameters:
                state[f"optimizer/{name}/{key}"] = self.store.view(flat, name).copy()
        for name, arrays in self.plain_states.items():
            for key, array in arrays.items():
                state[f"optimizer/{name}/{key}"] = np.array(array)
        return state

    def restore(self, state: Mapping[str, NumpyArray]) -> None:
        """Put a state back, exactly; nothing changes unless all of it fits."""
        arrays = {n: a.value for n, a in model_arrays(self.model).items()}
        for key, flat in self.states.items():
            for name in self.store.parameters:
                arrays[f"optimizer/{name}/{key}"] = self.store.view(flat, name)
        plain = {
            name: {
                key: np.array(take(state, f"optimizer/{name}/{key}", np.asarray(old)))
                for key, old in own.items()
            }
            for name, own in self.plain_states.items()
        }
        found = {name: take(state, name, array) for name, array in arrays.items()}
        for name, array in arrays.items():
            array[...] = found[name]
        for name, own in plain.items():
            self.plain_states[name].update(own)
