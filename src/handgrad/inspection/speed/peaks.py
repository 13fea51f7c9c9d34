"""Measured peak throughput and bandwidth of this machine.

All limits are measured with the engine's own workers, programs and calls of the matrix
library, one thread each.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from handgrad.engine.kernels.amx import (
    SIDE,
    STEP,
    UNIT_BYTES,
    begin_matrices,
    end_matrices,
    matrix_block,
)
from handgrad.engine.kernels.declaration import (
    FLOATS,
    OCTETS,
    SIZE,
    at,
    reads,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import kernel_entry
from handgrad.engine.memory_plan import FLOAT_BYTES, Memory, Pointer, pointer_to
from handgrad.engine.operation import Operation
from handgrad.engine.processor import has_matrix_unit
from handgrad.engine.program import Phase, Program, Task
from handgrad.engine.workers import available_cores
from handgrad.inspection.speed.library_product import library_product, sgemm_address

MATRIX_SIZES = (512, 1024)
MEMORY_FLOATS = 1 << 24  # 64 MiB: beyond any cache
CACHE_FLOATS = 1 << 15  # 128 KiB: in a core's second-level cache
SHARES = 2  # tasks per worker in a run
REPEATS = 30  # short runs, so that some are undisturbed by other processes
CALIBRATION_SIZE = 384
UNIT_STEPS = 8  # of 32: both factors of a block stay in the second-level cache


@dataclass(frozen=True)
class Peaks:
    """The highest measured rates.

    Units
        matrix_*  float32 operations per second of a large matrix product
        unit_*    the same for the matrix unit, from float32 numbers split in three
                  parts, in a core's own cache (six products, counted as one); 0 if
                  there is no matrix unit
        memory_*  bytes per second of copying a large array, read and written
        cache_*   the same for an array in the second-level cache
        *_all     all workers together; *_one a single worker
    """

    workers: int
    matrix_all: float
    matrix_one: float
    memory_all: float
    memory_one: float
    cache_all: float
    cache_one: float
    unit_all: float = 0.0
    unit_one: float = 0.0

    def best(self, other: "Peaks") -> "Peaks":
        """The elementwise maximum of two measurements of the same workers."""
        assert self.workers == other.workers
        mine, others = asdict(self), asdict(other)
        return Peaks(**{name: max(mine[name], others[name]) for name in mine})


@kernel_entry(
    source=updates(FLOATS, lambda size: size),
    target=updates(FLOATS, lambda size: size),
    size=SIZE,
    repeats=SIZE,
)
def copy(source, target, size, repeats):  # type: ignore[no-untyped-def]  # by Numba
    """Copy an array repeatedly, alternating the direction."""
    for turn in range(repeats):
        if turn % 2 == 0:
            for index in range(size):
                target[index] = source[index]
        else:
            for index in range(size):
                source[index] = target[index]


@kernel_entry(
    left=reads(at(OCTETS), lambda steps: steps * UNIT_BYTES),
    right=reads(at(OCTETS), lambda steps: steps * UNIT_BYTES),
    outputs=writes(at(FLOATS), SIDE * SIDE),
    steps=SIZE,
    repeats=SIZE,
    by_unit=True,
)
def unit_blocks(left, right, outputs, steps, repeats):  # type: ignore[no-untyped-def]  # by Numba
    """Compute a 32 x 32 block repeatedly, each of `steps` steps of 32."""
    begin_matrices()
    for _ in range(repeats):
        matrix_block(0, left, right, steps, outputs, 4 * SIDE)
    end_matrices()


def measure_peaks(
    workers: int | None = None,
    *,
    matrix_sizes: Sequence[int] = MATRIX_SIZES,
    memory_floats: int = MEMORY_FLOATS,
    cache_floats: int = CACHE_FLOATS,
    repeats: int = REPEATS,
) -> Peaks:
    """Measure the limits of all workers together and of one alone; takes seconds."""
    count = workers or available_cores()
    rates: dict[str, float] = {}
    with one_thread_each():
        for name, crew in (("all", count), ("one", 1)):
            programs = {
                "matrix": [products(crew, size) for size in matrix_sizes],
                "memory": [copies(crew, memory_floats, 1)],
                "cache": [copies(crew, cache_floats, 50)],
            }
            if has_matrix_unit():
                programs["unit"] = [blocks(crew, UNIT_STEPS, 200)]
            for limit, made in programs.items():
                rates[f"{limit}_{name}"] = max(
                    work / fastest(program, repeats) for program, work in made
                )
    return Peaks(workers=count, **rates)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Limit every BLAS library of this process to one thread."""
    sgemm_address()  # loads SciPy's BLAS, so that the limit applies to it
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def products(workers: int, size: int) -> tuple[Program, int]:
    """A program of square matrix products, and its number of operations."""
    memory = Memory(1, SHARES * workers, workers, per_tile=False)
    left, right, outputs = (
        _filled(memory, name, size * size) for name in ("left", "right", "outputs")
    )
    operation = Operation(
        library_product,
        f"{size} x {size} product",
        left=left,
        right=right,
        outputs=outputs,
        size=size,
    )
    return _program(memory, operation), SHARES * workers * 2 * size**3


def copies(workers: int, size: int, repeats: int) -> tuple[Program, int]:
    """A program of copies, one array per worker, and the bytes read and written."""
    memory = Memory(1, SHARES * workers, workers, per_tile=False)
    source, target = (_filled(memory, name, size) for name in ("source", "target"))
    operation = Operation(
        copy,
        f"copy of {size} floats",
        source=source,
        target=target,
        size=size,
        repeats=repeats,
    )
    moved = SHARES * workers * repeats * 2 * FLOAT_BYTES * size
    return _program(memory, operation), moved


def blocks(workers: int, steps: int, repeats: int) -> tuple[Program, int]:
    """A program of matrix-unit blocks, and its operations; zeros might run faster."""
    memory = Memory(1, SHARES * workers, workers, per_tile=False)
    count = steps * UNIT_BYTES // FLOAT_BYTES
    left, right = (
        _filled(memory, name, count, random=True) for name in ("left", "right")
    )
    outputs = _filled(memory, "outputs", SIDE * SIDE)
    operation = Operation(
        unit_blocks,
        f"blocks of {steps} steps",
        left=left,
        right=right,
        outputs=outputs,
        steps=steps,
        repeats=repeats,
    )
    made = SHARES * workers * repeats * 2 * SIDE * SIDE * STEP * steps
    return _program(memory, operation), made


def fastest(program: Program, repeats: int) -> float:
    """Seconds of the fastest run, after a warm-up run."""
    program.run()
    return min(seconds_of(program.run) for _ in range(repeats))


def seconds_of(work: Callable[[], Any]) -> float:
    """Seconds that the work takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def calibrate() -> float:
    """Seconds of a small matrix product on one thread: the current machine speed."""
    side = CALIBRATION_SIZE
    matrix = np.full((side, side), 0.5, dtype=np.float32)
    outputs = np.empty_like(matrix)
    product_once = partial(np.matmul, matrix, matrix, out=outputs)
    with threadpool_limits(limits=1, user_api="blas"):
        return float(np.median([seconds_of(product_once) for _ in range(5)]))


def _program(memory: Memory, operation: Operation) -> Program:
    operations = [operation]
    tasks = [Task(operations, tile) for tile in range(memory.tiles)]
    return Program([Phase("limit", tasks)], memory)


def _filled(memory: Memory, name: str, count: int, *, random: bool = False) -> Pointer:
    """One buffer per worker, written once to allocate its pages."""
    step = count + 16
    array = memory.array(name, "limits", step * memory.workers)
    array[:] = 0.5
    if random:  # random bfloat16 numbers
        numbers = np.random.default_rng(0).standard_normal(2 * array.size)
        words = numbers.astype(np.float32).view(np.uint32) >> 16
        array[:] = words.astype(np.uint16).view(np.float32)
    return replace(pointer_to(array, name), worker_stride=step * FLOAT_BYTES)
