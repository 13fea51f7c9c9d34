"""The program of a forward pass: logits of any number of images."""

from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape, memory_address
from handgrad.datasets.normalization import Normalization
from handgrad.engine.batch_check import BatchCheck
from handgrad.engine.bound_model import BoundModel
from handgrad.engine.engine import Between, nothing
from handgrad.engine.kernels.copy_logits import answers
from handgrad.engine.kernels.entry import Announce
from handgrad.engine.kernels.gather import COUNT, IMAGES, INPUTS, LOGITS, ROWS
from handgrad.engine.lowering import plan
from handgrad.engine.lowering.fusion import fused
from handgrad.engine.lowering.inputs import gather
from handgrad.engine.lowering.lowering import Lowering, lower_nodes
from handgrad.engine.memory_plan import Memory, Tensor, pointer_to
from handgrad.engine.network_layers import layers_of
from handgrad.engine.parts import MOST_WORKERS
from handgrad.engine.program import Phase, Program
from handgrad.engine.workers import available_cores
from handgrad.layers.sequential import Sequential
from handgrad.ranges import check_count

TILES = 16
SKINNY_TILES = 64  # where a tile takes a few microseconds


class PredictionProgram:
    """Forward over a fixed number of tiles, again and again until all inputs are done.

    An example's logits do not depend on the others: tiles have a fixed size, and every
    kernel treats the examples of a tile alike. Any thread may use it, and others run
    between two parts of a long prediction. It follows the model as `BoundModel` does.
    """

    def __init__(
        self,
        bound: BoundModel,
        check: BatchCheck,
        *,
        workers: int,
        announce: Announce | None = None,
    ) -> None:
        self.bound, self.check, self.workers = bound, check, workers
        self._announce = announce
        self._lower()

    def _lower(self) -> None:
        """Lower the model as it is now."""
        bound = self.bound
        nodes = fused(layers_of(bound.model))
        tile = plan.tile_of(nodes)
        tiles = SKINNY_TILES if tile == plan.SKINNY_TILE else TILES
        per_tile = plan.needs_barriers(nodes, training=False)
        memory = Memory(tile, tiles, self.workers, per_tile=per_tile)
        self.inputs = memory.array("inputs block", "settings", INPUTS, np.int64)
        lowering = Lowering(
            memory,
            bound.store,
            pointer_to(self.inputs),
            training=False,
            by_rows=plan.goes_by_rows(nodes),
        )
        tensor = gather(lowering, plan.first_to_compute(nodes), self.check)
        outputs = lower_nodes(lowering, nodes, tensor)
        lowering.backwards.clear()  # cycles would keep the memory
        _add_answers(lowering, outputs)
        lowering.barrier("tiles")
        prepare = Phase("prepare", lowering.prepare)
        self.program = Program(lowering.phases, memory, self._announce, nodes=nodes)
        self.prepare = Program([prepare], memory, self._announce, workers=1)
        self._step, self._classes = lowering.step, outputs.rows
        self._version = bound.version

    def refresh(self) -> None:
        """Follow assignments of arrays, layers, settings."""
        self.bound.refresh()
        if self._version != self.bound.version:
            check, model = self.check, self.bound.model
            shape, normalization = check.input_shape, check.normalization
            self.check = BatchCheck(
                model, shape, normalization, check.input_dtype, check.loss
            )
            self._lower()

    def logits(self, images: NumpyArray, between: Between = nothing) -> NumpyArray:
        """Logits (count, classes), float32, of as many inputs."""
        with self.bound.lock:
            self.refresh()
            pictures, logits = self.check.inputs(images), self._new_logits(len(images))
        done, before = 0, self._state()
        while done < len(pictures):
            between()
            with self.bound.lock:
                self.refresh()
                if self._version != before[0]:  # other layers: begin anew
                    done, logits = 0, self._new_logits(len(pictures))
                if done == 0 or self._state() != before:
                    self.prepare.run()
                before = self._state()
                done += self._run(pictures, logits, done)
        return logits

    def _new_logits(self, count: int) -> NumpyArray:
        return np.empty((count, self._classes), dtype=np.float32)

    def _state(self) -> tuple[int, int]:
        """The version of the layers, and the count of updates."""
        return self._version, self.bound.updates

    def _run(self, pictures: NumpyArray, logits: NumpyArray, start: int) -> int:
        """Compute the logits of the next inputs; returns how many."""
        memory = self.program.memory
        rows = np.arange(start, min(start + memory.capacity, len(pictures)))
        self.inputs[IMAGES] = memory_address(pictures)
        self.inputs[ROWS] = memory_address(rows)
        self.inputs[LOGITS] = memory_address(logits[start:])
        self.inputs[COUNT] = self._step.count = len(rows)
        self.program.run(-(-len(rows) // memory.tile))
        return len(rows)

    def __reduce__(self) -> tuple[Any, ...]:
        check = self.check
        return predictor, (
            self.bound.model,
            check.input_shape,
            check.normalization,
            self.workers,
            check.input_dtype,
        )


def _add_answers(lowering: Lowering, logits: Tensor) -> None:
    """Write a tile's logits to the rows of their examples in the caller's array."""
    tile, across, along = lowering.memory.tile, logits.stride, 1
    if logits.is_batch_first:
        across, along = 1, logits.stride
    lowering.add(
        answers,
        "logits, an example a row",
        block=lowering.inputs,
        logits=logits.pointer,
        classes=logits.rows,
        across=across,
        along=along,
        lanes=tile,
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
        check_count("An engine", "workers", workers, most=MOST_WORKERS)
    check = BatchCheck(model, input_shape, normalization, input_dtype)
    return PredictionProgram(
        BoundModel(model), check, workers=workers or available_cores()
    )
