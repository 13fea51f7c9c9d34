"""Every kernel on nothing but what it declares: run by test_fences.

Each array of an operation is copied to where a page that faults follows its last
declared element. A kernel that reads or writes one element more ends the process.
"""

import ctypes
from dataclasses import replace

import numpy as np

from handgrad.augmentation.mixture import mixed
from handgrad.engine.fences import LINE, fenced
from handgrad.engine.kernels.gather import LOGITS, ROWS, VIEWS
from handgrad.engine.lowering import rows
from handgrad.engine.memory_plan import Region, numbers_at
from handgrad.engine.operation import Operation

from .by_rows import BY_ROWS
from .networks import cpu_engine
from .programs import (
    AUGMENTED,
    SMALL,
    augmented_engine,
    declared_kernels,
    muon_engine,
    name_of,
    operations,
)

SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


def at_the_edge(operation, name, tile):
    """A copy of what an operation may touch of an array; None where that is nothing."""
    span, pointer = operation.spans[name], operation.arguments[name]
    if span.end <= span.first:
        return None
    dtype = operation.entry.arguments[name].element.dtype
    offset = tile * pointer.tile_stride + span.first * dtype.itemsize
    source = numbers_at(pointer.plus(offset), span.end - span.first, dtype)
    room = fenced(-(-source.nbytes // LINE) * LINE)
    copied = room[len(room) - source.nbytes :].view(dtype)
    copied[:] = source
    return copied


def run(operation, tile):
    """The kernel for one tile, on copies."""
    arguments, held = dict(operation.arguments), []
    for name, span in operation.spans.items():
        copied = at_the_edge(operation, name, tile)
        if copied is not None:
            held.append(copied)
            region = Region("a copy", copied.ctypes.data, copied.nbytes)
            arguments[name] = replace(
                operation.arguments[name],
                offset=-span.first * copied.itemsize,
                tile_stride=0,
                worker_stride=0,
                region=region,
            )
    moved = Operation(operation.entry, operation.stands_for, **arguments)
    moved.check_regions((0, 0), 1)
    words = np.array(moved.words(), dtype=np.int64)
    SIGNATURE(operation.entry.address())(words.ctypes.data, tile, 0)


def engines():
    """Small networks, and perceptrons with what is done for large weights; a batch."""
    for network in SMALL.values():
        yield cpu_engine(network), network.batch(70)
    yield muon_engine()
    yield augmented_engine(SMALL[AUGMENTED])
    rows.LARGE_WEIGHT = 0
    for network in BY_ROWS.values():
        yield cpu_engine(network), network.batch(70)


def main():
    """Every form of every kernel; says which were not reached."""
    reached, seen = set(), {}
    for engine, batch in engines():
        rows = np.arange(70)
        engine.train_step(batch, 1)
        logits = engine.logits(batch.images)
        block = engine.prediction.inputs  # which points to what a prediction let go
        block[ROWS], block[LOGITS] = rows.ctypes.data, logits.ctypes.data
        if batch.mixture is not None:  # a step lets its table go, too
            table = mixed(batch.recorded, batch.mixture).table
            engine.training.inputs[VIEWS] = table.ctypes.data
        for operation, first, last, _ in operations(engine):
            is_new = seen.setdefault(operation.entry, engine) is engine
            if operation.entry.by_unit or not is_new:
                continue
            reached.add(name_of(operation.entry))
            for tile in {first, last}:
                print(operation.entry.name, operation.stands_for, tile, flush=True)
                run(operation, tile)
    print("not reached:", sorted(name for _, name in declared_kernels() - reached))


if __name__ == "__main__":
    main()
