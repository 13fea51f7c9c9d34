"""The CPU engine: a network of plain layers as a program over tiles."""

from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets.normalization import Normalization
from handgrad.engine.kernels import losses
from handgrad.engine.kernels.entry import Announce
from handgrad.engine.lowering import Lowering
from handgrad.engine.memory import Memory, Tensor, pointer_to
from handgrad.engine.parameters import Mover, ParameterStore, write_rates
from handgrad.engine.program import Phase, Program, Task
from handgrad.engine.walk import gather, lower_backwards, lower_layers
from handgrad.engine.workers import available_cores
from handgrad.layers import Conv2d, Sequential
from handgrad.losses import (
    L2,
    Loss,
    MeanSquaredError,
    MulticlassSVM,
    SoftmaxCrossEntropy,
)
from handgrad.optimizers import Optimizer

CONVOLUTION_TILE = 32
LINEAR_TILE = 128


def tile_of(model: Sequential) -> int:
    """Examples in a tile: few where pictures fill a cache, more for matrix products."""
    has_pictures = any(isinstance(layer, Conv2d) for layer in model.layers.values())
    return CONVOLUTION_TILE if has_pictures else LINEAR_TILE


class TrainingProgram:
    """A step of training, bound to memory for batches up to a size."""

    def __init__(  # noqa: PLR0913 (everything that a step depends on)
        self,
        model: Sequential,
        store: ParameterStore,
        input_shape: Shape,
        normalization: Normalization,
        loss: Loss[Any],
        optimizer: Optimizer,
        *,
        batch_size: int,
        workers: int,
        seed: int = 0,
        l2: L2 | None = None,
        clip_norm: float | None = None,
        keep_gradients: bool = False,
        announce: Announce | None = None,
    ) -> None:
        tile = tile_of(model)
        memory = Memory(tile, -(-batch_size // tile), workers, per_tile=False)
        self.inputs = memory.array("inputs block", "settings", 4, np.int64)
        self.optimizer, self.l2 = optimizer, l2
        lowering = Lowering(memory, store, pointer_to(self.inputs), True, seed)
        scale = scale_and_shift(memory, normalization)
        tensor = gather(lowering, list(model.layers.values()), input_shape, scale)
        logits = lower_layers(lowering, list(model.layers.items()), tensor)
        self.losses = memory.array("losses", "settings", memory.tiles, np.float64)
        self.correct = memory.array("correct", "settings", memory.tiles, np.int64)
        add_loss(lowering, loss, logits, self.losses, self.correct)
        lower_backwards(lowering, logits)
        lowering.meet("tiles")
        self.mover = Mover(
            store,
            memory,
            optimizer,
            l2_scale=0.0 if l2 is None else 2 * l2.factor * l2.strength,
            clip_norm=clip_norm,
            keep_gradients=keep_gradients,
        )
        prepare = Phase("prepare", [Task(lowering.prepare)] if lowering.prepare else [])
        phases = [prepare, *lowering.phases, *self.mover.phases(lowering.pieces)]
        self.per_step = lowering.per_step
        self.program = Program(phases, memory, announce)

    def run(
        self, images: NumpyArray, targets: NumpyArray, rows: NumpyArray, step: int
    ) -> tuple[float, int]:
        """One step on these rows of the images; returns mean loss and number right."""
        count = len(rows)
        self.inputs[:] = (
            images.ctypes.data,
            targets.ctypes.data,
            rows.ctypes.data,
            count,
        )
        write_rates(self.mover.rates, self.optimizer, step)
        for set_step in self.per_step:
            set_step(step)
        self.program.run()
        loss = float(self.losses.sum()) / count
        if self.l2 is not None:
            penalty = self.l2.factor * self.l2.strength
            loss += penalty * self.mover.penalty_squares()
        return loss, int(self.correct.sum())


def scale_and_shift(memory: Memory, normalization: Normalization) -> Any:
    """The numbers of `Normalization.apply`, where the gather finds them."""
    channels = len(normalization.mean)
    numbers = memory.array("normalization", "settings", 2 * channels)
    numbers[:channels] = normalization.scale
    numbers[channels:] = normalization.shift
    return pointer_to(numbers)


def add_loss(
    lowering: Lowering,
    loss: Loss[Any],
    logits: Tensor,
    totals: NumpyArray,
    correct: NumpyArray,
) -> None:
    """The loss of each tile; the logits become their own gradient."""
    memory = lowering.memory
    kinds = {
        SoftmaxCrossEntropy: losses.CROSS_ENTROPY,
        MulticlassSVM: losses.SVM,
        MeanSquaredError: losses.SQUARED,
    }
    setting = memory.array("loss setting", "settings", 1)
    setting[0] = getattr(loss, "label_smoothing", getattr(loss, "margin", 0.0))
    scratch = memory.each_worker("loss scratch", "scratch", 4 * memory.tile)
    per_tile = [
        type(scratch)(array.ctypes.data, tile_stride=8) for array in (totals, correct)
    ]
    size = logits.rows * memory.tile
    lowering.add(
        losses.loss_entry(kinds[type(loss)]),
        (
            lowering.inputs,
            logits.pointer,
            pointer_to(setting),
            scratch,
            *per_tile,
            logits.rows,
            memory.tile,
            logits.stride,
        ),
        f"{type(loss).__name__}, forward and backward",
        10 * size,
        8 * size,
    )


__all__ = ["TrainingProgram", "available_cores", "tile_of"]
