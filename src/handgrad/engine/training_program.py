"""The program of a training step."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from handgrad.arrays import NumpyArray, memory_address
from handgrad.augmentation.mixture import mixed
from handgrad.augmentation.recorded_operations import VIEW
from handgrad.engine.batch_check import are_all_finite
from handgrad.engine.engine import Batch, StepResult
from handgrad.engine.kernels import losses
from handgrad.engine.kernels.gather import FACTORS, INPUTS, LOGITS, SECOND, SHARES
from handgrad.engine.lifetimes import lifetimes, plan_offsets
from handgrad.engine.lowering import plan
from handgrad.engine.lowering.copies import batch_last, matrix_copy
from handgrad.engine.lowering.fusion import fused
from handgrad.engine.lowering.inputs import gather
from handgrad.engine.lowering.lowering import (
    Lowering,
    lower_backwards,
    lower_frozen,
    lower_nodes,
)
from handgrad.engine.lowering.plain import read, write
from handgrad.engine.memory_plan import NOWHERE, Memory, Tensor, pointer_to
from handgrad.engine.network_layers import exact, frozen_count, layers_of
from handgrad.engine.parameters import ParameterUpdate
from handgrad.engine.program import Phase, Program
from handgrad.engine.returned import loss_of, returned
from handgrad.errors import ShapeError
from handgrad.losses import Loss, MeanSquaredError, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.losses.loss import forward_loss

if TYPE_CHECKING:
    from handgrad.engine.cpu import CpuEngine

VIEW_ALONE = np.array([[VIEW, 0]], np.int64)  # the operation of a batch with views
LOSSES: dict[type, int] = {
    SoftmaxCrossEntropy: losses.CROSS_ENTROPY,
    MulticlassSVM: losses.SVM,
    MeanSquaredError: losses.SQUARED,
}


class TrainingProgram:
    """Forward, loss, backward, update: phases over tiles, then over parameters."""

    def __init__(
        self, engine: "CpuEngine", *, keep_gradients: bool = False, operations: int = 0
    ) -> None:
        nodes = fused(layers_of(engine.model))
        tile = plan.tile_of(nodes, engine.batch_size)
        tiles = -(-engine.batch_size // tile)
        ignores = getattr(engine.loss, "ignore_index", None) is not None
        self.is_own_loss = ignores or exact(engine.loss, LOSSES) is None
        frozen = frozen_count(node.layer for node in nodes)
        per_tile = (
            self.is_own_loss
            or plan.needs_barriers(nodes[:frozen], training=False)
            or plan.needs_barriers(nodes[frozen:], training=True)
        )
        memory = Memory(tile, tiles, engine.workers, per_tile=per_tile, shares=True)
        self._engine, self.keep_gradients = ref(engine), keep_gradients
        self.operations = operations
        # the number of recorded operations; of each its kind, and its first column in
        # the batch's table
        count = 1 + 2 * operations
        self.steps = memory.array("operations", "settings", count, np.int64)
        self.inputs = memory.array("inputs block", "settings", INPUTS, np.int64)
        self._set: tuple[NumpyArray | None, NumpyArray | None] = (None, None)
        self._addresses = (0, 0)
        lowering = Lowering(
            memory,
            engine.store,
            pointer_to(self.inputs),
            training=True,
            seed=engine.seed,
            by_rows=plan.goes_by_rows(nodes),
            image_steps=pointer_to(self.steps) if operations else NOWHERE,
        )
        tensor = gather(lowering, plan.first_to_compute(nodes), engine.check)
        tensor = lower_frozen(lowering, nodes[:frozen], tensor)
        logits = lower_nodes(lowering, nodes[frozen:], tensor)
        if logits.is_batch_first:
            logits = batch_last(lowering, logits)
        if memory.is_kept(logits):  # the loss overwrites them
            logits = matrix_copy(lowering, "logits", logits)
        self.factors = memory.array("factors", "settings", tile * tiles)
        guard = memory.array("losses and norm", "settings", tiles + 1, np.float64)
        self.losses = guard[:tiles]
        self.correct = memory.array("correct", "settings", tiles, np.int64)
        add = add_plain_loss if self.is_own_loss else add_loss
        add(lowering, engine.loss, logits, self.losses, self.correct)
        lower_backwards(lowering, logits)
        lowering.barrier("tiles")
        self.update = ParameterUpdate(
            engine, memory, guard, keep_gradients=keep_gradients
        )
        prepare = Phase("prepare", lowering.prepare)
        updates = self.update.phases(lowering.blocks)
        phases = [prepare, *lowering.phases, *updates]
        lowering.blocks.clear()  # cycles would keep the memory
        self.per_step, self.step = lowering.per_step, lowering.step
        memory.place(*plan_offsets(memory.unplaced, lifetimes(phases)))
        self.program = Program(phases, memory, engine.announce, nodes=nodes)

    @property
    def engine(self) -> "CpuEngine":
        """The engine, which owns the program: its last reference frees the memory."""
        engine = self._engine()
        assert engine is not None, "a program without its engine"
        return engine

    def run(self, batch: Batch, step: int) -> StepResult:
        """One step on the rows of a batch."""
        self.engine.check(batch)
        count = len(batch)
        if not 0 < count <= self.engine.batch_size:
            raise ShapeError(
                f"The CPU engine was made for batches of 1 to {self.engine.batch_size}"
                f" examples, got {count}. Make it with batch_size={max(count, 1)}."
            )
        table = self._write_steps(batch)
        self.inputs[:LOGITS] = (
            *self._addresses_of_set(batch.images, batch.targets),
            rows := memory_address(batch.rows),
            rows if batch.rows is batch.examples else memory_address(batch.examples),
            count,
            0 if table is None else memory_address(table),
            0 if table is None else table.shape[1],
        )
        self.inputs[[SECOND, SHARES]] = 0
        if batch.mixture is not None:
            second, shares, *_ = batch.mixture
            self.inputs[SECOND] = memory_address(second)
            self.inputs[SHARES] = memory_address(shares)
        self._write_factors(batch.example_weights())
        update = self.update
        update.write_rates(step)
        self.program.begin()  # before the number: see `finished`
        self.step.number, self.step.count = step, count
        self.step.examples = batch.examples
        if self.is_own_loss:
            self.step.labels = batch.labels(self.engine.check.classes)
            self.step.main_labels = batch.main_labels()
        for set_step in self.per_step:
            set_step(step)
        self.engine.bound.updates += 1
        self.program.run()
        return self.result()

    def _write_steps(self, batch: Batch) -> NumpyArray | None:
        """Write the recorded operations of the batch; returns their table."""
        steps, table = VIEW_ALONE, batch.views
        if batch.mixture is not None:
            steps, table, _ = mixed(batch.recorded, batch.mixture)
        elif batch.recorded is not None:
            steps, table, _ = batch.recorded
        if self.operations:
            self.steps[0] = len(steps)
            self.steps[1 : 1 + steps.size] = steps.reshape(-1)
        return table if len(steps) else None

    def _addresses_of_set(
        self, images: NumpyArray, targets: NumpyArray
    ) -> tuple[int, int]:
        """The addresses of a set's arrays, looked up once for the same set."""
        if self._set[0] is not images or self._set[1] is not targets:
            self._set = images, targets
            self._addresses = memory_address(images), memory_address(targets)
        return self._addresses

    def result(self) -> StepResult:
        """The result of the last step."""
        count, norm = self.step.count, self.update.gradient_norm
        loss = float(np.add.reduce(self.losses)) / count + self.update.penalty()
        correct = sum(self.correct.tolist())  # quicker for a few tiles
        return StepResult(loss, correct, norm, are_finite(loss, norm))

    def finished(self, step: int) -> StepResult | None:
        """The result of this step, if it was the last one and was completed."""
        is_done = self.step.number == step and self.program.is_done
        return self.result() if is_done else None

    @property
    def is_torn(self) -> bool:
        """Whether the last step was interrupted while it changed the model."""
        program = self.program
        if program.is_done or not program.is_begun:
            return False
        return bool(self.engine.store.buffers) or program.is_in_last

    def _write_factors(self, weights: NumpyArray | None) -> None:
        """Write the factors of each example's loss: 1 without weights.

        Equations
            factor = weight * count / sum of the batch's weights
        """
        self.step.weights, self.inputs[FACTORS] = weights, 0
        if weights is not None:
            scale = len(weights) / weights.sum(dtype=np.float64)
            self.factors[: len(weights)] = weights * scale
            self.inputs[FACTORS] = memory_address(self.factors)

    def gradients(self) -> dict[str, NumpyArray]:
        """Copies of the last step's gradients, where the program keeps them."""
        store = self.engine.store
        return {
            name: store.view(self.update.gradients, name).copy()
            for name in store.parameters
        }


def are_finite(loss: float, norm: float | None) -> bool:
    """Whether neither is NaN or infinite."""
    return isfinite(loss) and (norm is None or isfinite(norm))


def add_loss(
    lowering: Lowering,
    loss: Loss[Any],
    logits: Tensor,
    totals: NumpyArray,
    correct: NumpyArray,
) -> None:
    """The loss of each tile; the logits become their own gradient."""
    memory = lowering.memory
    setting = memory.array("loss setting", "settings", 1)
    setting[0] = getattr(loss, "label_smoothing", getattr(loss, "margin", 0.0))
    lowering.add(
        losses.loss_kernel(LOSSES[type(loss)]),
        f"{type(loss).__name__}, forward and backward",
        block=lowering.inputs,
        logits=logits.pointer,
        setting=pointer_to(setting, "loss setting"),
        notes=memory.each_worker("loss notes", "scratch", 4 * memory.tile),
        targets=memory.each_worker("loss targets", "scratch", 4 * memory.tile),
        losses=pointer_to(totals, "losses").by_tile(totals.itemsize),
        correct=pointer_to(correct, "correct").by_tile(correct.itemsize),
        classes=logits.rows,
        lanes=memory.tile,
        stride=logits.stride,
    )


def add_plain_loss(
    lowering: Lowering,
    loss: Loss[Any],
    logits: Tensor,
    totals: NumpyArray,
    correct: NumpyArray,
) -> None:
    """A loss without a kernel, by its own methods on the whole batch."""
    memory, step = lowering.memory, lowering.step

    def run() -> None:
        values = read(logits, memory, step.count)
        mean, cache = forward_loss(loss, values, step.labels, step.weights)
        d_logits = loss.backward(cache)
        d_logits = returned("", loss, "d_logits", d_logits, values.shape)
        write(logits, memory, d_logits)
        totals[:], correct[:] = 0, 0
        is_finite = are_all_finite(d_logits)  # else no update
        totals[0] = loss_of(loss, mean) * step.count if is_finite else nan
        correct[0] = np.count_nonzero(values.argmax(axis=1) == step.main_labels)

    lowering.barrier("forward")
    lowering.phases.append(
        Phase(f"{type(loss).__name__}, plain", plain=run, touched=[logits.pointer])
    )
