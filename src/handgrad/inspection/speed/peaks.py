"""What this machine can do at most, measured a moment ago.

Both limits are measured as the engine works: its own workers, its own program, its own
call of the matrix library, one thread each.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from handgrad.engine.kernels.blas import sgemm_address
from handgrad.engine.kernels.entry import Entry, floats, integer, kernel
from handgrad.engine.kernels.products import product_entry
from handgrad.engine.memory import FLOAT_BYTES, Memory, Pointer
from handgrad.engine.program import Operation, Phase, Program, Task
from handgrad.engine.workers import available_cores

MATRIX_SIZES = (512, 1024)
MEMORY_FLOATS = 1 << 24  # 64 MiB: beyond any cache
CACHE_FLOATS = 1 << 15  # 128 KiB: in a core's second-level cache
SHARES = 2  # tasks of each worker in a run
REPEATS = 30  # short runs: one of them falls into a quiet moment
CALIBRATION_SIZE = 384


@dataclass(frozen=True)
class Peaks:
    """The fastest that was seen.

    Units
        matrix_*  float32 operations per second of a large matrix product
        memory_*  bytes per second of copying a large array, read and written
        cache_*   the same for an array in the second-level cache
        *_all     all workers at once; *_one a single one
    """

    workers: int
    matrix_all: float
    matrix_one: float
    memory_all: float
    memory_one: float
    cache_all: float
    cache_one: float

    def best(self, other: "Peaks") -> "Peaks":
        """The higher of each of two measurements of the same workers."""
        assert self.workers == other.workers
        mine, others = asdict(self), asdict(other)
        return Peaks(**{name: max(mine[name], others[name]) for name in mine})


@kernel
def copy(source, target, repeats):  # type: ignore[no-untyped-def]
    """Copy an array, again and again, each time the other way."""
    for turn in range(repeats):
        if turn % 2 == 0:
            for index in range(source.size):
                target[index] = source[index]
        else:
            for index in range(source.size):
                source[index] = target[index]


def _copy_entry(arguments: int, tile: int, worker: int) -> None:
    """0 source, 3 target; 6 size, 7 repeats."""
    size = integer(arguments, 6)
    copy(
        floats(arguments, 0, tile, worker, size),
        floats(arguments, 3, tile, worker, size),
        integer(arguments, 7),
    )


copy_entry = Entry(_copy_entry)


def measure_peaks(
    workers: int | None = None,
    *,
    matrix_sizes: Sequence[int] = MATRIX_SIZES,
    memory_floats: int = MEMORY_FLOATS,
    cache_floats: int = CACHE_FLOATS,
    repeats: int = REPEATS,
) -> Peaks:
    """The limits of all workers together, and of one alone; a few seconds."""
    count = workers or available_cores()
    rates: dict[str, float] = {}
    with one_thread_each():
        for name, crew in (("all", count), ("one", 1)):
            programs = {
                "matrix": [products(crew, size) for size in matrix_sizes],
                "memory": [copies(crew, memory_floats, 1)],
                "cache": [copies(crew, cache_floats, 50)],
            }
            for limit, made in programs.items():
                rates[f"{limit}_{name}"] = max(
                    work / fastest(program, repeats) for program, work in made
                )
    return Peaks(workers=count, **rates)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Hold every matrix library of this process to one thread."""
    sgemm_address()  # loads SciPy's, so that the limit reaches it
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def products(workers: int, size: int) -> tuple[Program, int]:
    """Square matrix products, some for each worker, and their operations."""
    memory = Memory(1, SHARES * workers, workers, per_tile=False)
    left, right, outputs = (
        _filled(memory, name, size * size) for name in ("left", "right", "outputs")
    )
    sizes = (size,) * 6
    arguments = (left, right, outputs, sgemm_address(), *sizes, 0, 0, 0)
    operation = Operation(product_entry, arguments, f"{size} x {size} product")
    return _program(memory, operation), SHARES * workers * 2 * size**3


def copies(workers: int, size: int, repeats: int) -> tuple[Program, int]:
    """Copies of arrays of each worker's own, and the bytes they read and write."""
    memory = Memory(1, SHARES * workers, workers, per_tile=False)
    source, target = (_filled(memory, name, size) for name in ("source", "target"))
    arguments = (source, target, size, repeats)
    operation = Operation(copy_entry, arguments, f"copy of {size} floats")
    moved = SHARES * workers * repeats * 2 * FLOAT_BYTES * size
    return _program(memory, operation), moved


def fastest(program: Program, repeats: int) -> float:
    """Seconds of the fastest run, after one that wakes everything up."""
    program.run()
    best = float("inf")
    for _ in range(repeats):
        start = perf_counter()
        program.run()
        best = min(best, perf_counter() - start)
    return best


def calibrate() -> float:
    """Seconds of one small matrix product on one thread: is the machine slow now?"""
    side = CALIBRATION_SIZE
    matrix = np.full((side, side), 0.5, dtype=np.float32)
    outputs = np.empty_like(matrix)
    found = []
    with threadpool_limits(limits=1, user_api="blas"):
        for _ in range(5):
            start = perf_counter()
            np.matmul(matrix, matrix, out=outputs)
            found.append(perf_counter() - start)
    return float(np.median(found))


def _program(memory: Memory, operation: Operation) -> Program:
    operations = [operation]
    tasks = [Task(operations, tile) for tile in range(memory.tiles)]
    return Program([Phase("limit", tasks)], memory)


def _filled(memory: Memory, name: str, count: int) -> Pointer:
    """A buffer for each worker, written once, so that its pages are there."""
    step = count + 16
    array = memory.array(name, "limits", step * memory.workers)
    array[:] = 0.5
    return Pointer(array.ctypes.data, 0, step * FLOAT_BYTES)
