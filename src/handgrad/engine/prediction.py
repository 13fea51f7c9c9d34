"""The program of a forward pass: logits of any number of images."""

import numpy as np
from threadpoolctl import threadpool_limits

from handgrad.arrays import NumpyArray, Shape, memory_address
from handgrad.datasets.normalization import Normalization
from handgrad.engine.batch_check import BatchCheck
from handgrad.engine.engine import Between, nothing
from handgrad.engine.kernels.answers import answers_entry
from handgrad.engine.kernels.blas import sgemm_address
from handgrad.engine.kernels.entry import Announce
from handgrad.engine.kernels.gather import COUNT, IMAGES, INPUTS, LOGITS, ROWS
from handgrad.engine.known import layers_of
from handgrad.engine.lowering import Lowering
from handgrad.engine.memory import FLOAT_BYTES, Memory, Tensor, pointer_to
from handgrad.engine.parameters import ParameterStore
from handgrad.engine.program import Phase, Program
from handgrad.engine.walk import (
    SKINNY_TILE,
    gather,
    goes_by_rows,
    has_meetings,
    lower_layers,
    tile_of,
)
from handgrad.engine.workers import available_cores
from handgrad.layers.sequential import Sequential
from handgrad.ranges import check_at_least

TILES = 16
SKINNY_TILES = 64  # where a tile takes a few microseconds


class PredictionProgram:
    """Forward over a fixed number of tiles, again and again until all images are done.

    An image's logits do not depend on its neighbours: tiles are of fixed size, and
    every kernel treats the examples of a tile alike.
    """

    def __init__(
        self,
        model: Sequential,
        store: ParameterStore,
        check: BatchCheck,
        *,
        workers: int,
        announce: Announce | None = None,
    ) -> None:
        tile = tile_of(model)
        tiles = SKINNY_TILES if tile == SKINNY_TILE else TILES
        memory = Memory(
            tile, tiles, workers, per_tile=has_meetings(model, training=False)
        )
        self.inputs = memory.array("inputs block", "settings", INPUTS, np.int64)
        lowering = Lowering(memory, store, pointer_to(self.inputs), False)
        lowering.by_rows = goes_by_rows(model)
        layers = layers_of(model)
        tensor = gather(lowering, layers, check)
        outputs = lower_layers(lowering, layers, tensor)
        _add_answers(lowering, outputs)
        lowering.meet("tiles")
        prepare = Phase("prepare", lowering.prepare)
        self.program = Program(lowering.phases, memory, announce)
        self.prepare = Program([prepare], memory, announce, workers=1)
        self.check = check
        self._step, self._classes = lowering.step, outputs.rows

    def logits(self, images: NumpyArray, between: Between = nothing) -> NumpyArray:
        """Logits (count, classes), float32, of as many inputs."""
        pictures = self.check.inputs(images)
        capacity = self.program.memory.capacity
        rows = np.arange(len(pictures), dtype=np.int64)
        logits = np.empty((len(pictures), self._classes), dtype=np.float32)
        self.prepare.run()
        for start in range(0, len(pictures), capacity):
            between()
            part = rows[start : start + capacity]
            self.inputs[IMAGES] = memory_address(pictures)
            self.inputs[ROWS] = memory_address(part)
            self.inputs[LOGITS] = memory_address(logits[start:])
            self.inputs[COUNT] = self._step.count = len(part)
            self.program.run(-(-len(part) // self.program.memory.tile))
        return logits


def _add_answers(lowering: Lowering, logits: Tensor) -> None:
    """The tile's logits to their examples' places in the caller's array."""
    tile, across, along = lowering.memory.tile, logits.stride, 1
    if logits.is_batch_first:
        across, along = 1, logits.stride
    lowering.add(
        answers_entry,
        (lowering.inputs, logits.pointer, logits.rows, across, along, tile),
        "logits, an example a row",
        0,
        2 * FLOAT_BYTES * logits.rows * tile,
    )


def predictor(
    model: Sequential,
    input_shape: Shape,
    normalization: Normalization,
    workers: int | None = None,
    input_dtype: str = "uint8",
) -> PredictionProgram:
    """A program for a trained model alone, without an optimizer."""
    if workers is not None:
        check_at_least("The CPU engine", "workers", workers, 1)
    check = BatchCheck(model, input_shape, normalization, input_dtype)
    sgemm_address()  # loads SciPy's BLAS, so that the limit reaches it
    threadpool_limits(limits=1, user_api="blas")
    return PredictionProgram(
        model,
        ParameterStore(model.parameters()),
        check,
        workers=workers or available_cores(),
    )
