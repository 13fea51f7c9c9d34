"""A program: the operations of a step, as a table that can be run and printed.

Phases follow one another; within a phase, tasks are independent; within a task,
operations follow one another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from handgrad.arrays import NumpyArray, memory_address
from handgrad.engine.blas_threads import single_thread
from handgrad.engine.kernels.entry import Announce
from handgrad.engine.kernels.execute import NO_LIMIT
from handgrad.engine.kernels.second_compiler import compile_kernels
from handgrad.engine.memory_plan import Memory, Pointer
from handgrad.engine.operation import Operation
from handgrad.engine.workers import Tables, Workers

Section: TypeAlias = Workers | Callable[[], None]


@dataclass(frozen=True)
class Task:
    """Operations that one worker runs one after another, for one tile."""

    operations: Sequence[Operation]
    tile: int = 0


@dataclass
class Phase:
    """Independent tasks, or a Python function (plain layers, own losses).

    `touched` are the buffers that the function reads and writes.
    """

    name: str
    tasks: list[Task] = field(default_factory=list)
    plain: Callable[[], None] | None = None
    touched: Sequence[Pointer] = ()


def tiled(name: str, operations: Sequence[Operation], tiles: range) -> Phase:
    """A phase that runs the same operations for every tile."""
    return Phase(name, [Task(operations, tile) for tile in tiles])


def operations_of(phases: Sequence[Phase]) -> list[tuple[Operation, int, int]]:
    """Each operation once, and the first and the last tile that it runs for."""
    found: dict[int, tuple[Sequence[Operation], list[int]]] = {}
    for phase in phases:
        for task in phase.tasks:
            tiles = found.setdefault(id(task.operations), (task.operations, []))[1]
            tiles.append(task.tile)
    return [
        (operation, min(tiles), max(tiles))
        for operations, tiles in found.values()
        for operation in operations
    ]


class Program:
    """Phases bound to memory; kernels are compiled when it first runs.

    KernelCallError unless every operation stays within its memory. `nodes` are the
    fused layers that it was made of, to be shown.
    """

    def __init__(
        self,
        phases: Sequence[Phase],
        memory: Memory,
        announce: Announce | None = None,
        *,
        workers: int | None = None,
        nodes: Sequence[object] = (),
    ) -> None:
        self.workers = workers or memory.workers
        self.phases = [phase for phase in phases if phase.tasks or phase.plain]
        self.memory, self.nodes = memory, nodes
        self._announce = announce
        self._held: list[NumpyArray] = []
        self._steps: list[Section] | None = None
        operations = operations_of(self.phases)
        for operation, first, last in operations:
            operation.check_regions((first, last), self.workers)
        self._uses_blas = any(phase.plain for phase in self.phases)
        self._at = 0  # the section that the last run reached
        self._before: list[int] = []  # runs of each section before the last run

    def begin(self) -> None:
        """Mark the start of another run: from here on it is not done."""
        if self._steps is not None:
            self._at, self._before = (
                0,
                [
                    step.runs_noted if isinstance(step, Workers) else 0
                    for step in self._steps
                ],
            )

    def run(self, tiles: int = NO_LIMIT) -> None:
        """Run every phase once, for the first tiles only; functions see all tiles."""
        if self._steps is None:
            self._steps = self._sections()
            self.begin()
        if self._uses_blas:
            with single_thread:
                self._run(self._steps, tiles)
        else:
            self._run(self._steps, tiles)

    def _run(self, steps: list[Section], tiles: int) -> None:
        """An interrupt of compiled work is raised when all sections are done."""
        interrupt = None
        for self._at, step in enumerate(steps):
            if isinstance(step, Workers):
                interrupt = step.run(tiles) or interrupt
            else:
                with np.errstate(all="ignore"):  # as kernels do: the loss becomes NaN
                    step()
        self._at = len(steps)
        if interrupt is not None:
            raise interrupt

    @property
    def is_done(self) -> bool:
        """Whether the run after `begin` was completed, even if it was interrupted."""
        if self._steps is None:
            return False
        if isinstance(self._steps[-1], Workers):
            return self._steps[-1].runs > self._before[-1]
        return self._at == len(self._steps)

    @property
    def is_begun(self) -> bool:
        """Whether anything has run since `begin`."""
        pairs = zip(self._steps or [], self._before, strict=False)
        has_run = [isinstance(s, Workers) and s.runs > before for s, before in pairs]
        return self._at > 0 or any(has_run)

    @property
    def is_in_last(self) -> bool:
        """Whether a function at the end may be half done."""
        steps = self._steps or []
        return self._at == len(steps) - 1 and not isinstance(steps[-1], Workers)

    def _sections(self) -> list[Section]:
        """Runs of compiled phases, and the functions between them."""
        kernels = dict.fromkeys(each.entry for each, *_ in operations_of(self.phases))
        compile_kernels(list(kernels), self._announce, self.workers)
        sections: list[Section] = []
        compiled: list[Phase] = []
        for phase in [*self.phases, Phase("end")]:
            if phase.tasks:
                compiled.append(phase)
                continue
            if compiled:
                sections.append(Workers(self._tables(compiled), self.workers))
                compiled = []
            if phase.plain is not None:
                sections.append(phase.plain)
        return sections

    def _tables(self, phases: Sequence[Phase]) -> Tables:
        phase_rows: list[tuple[int, int]] = []
        task_rows: list[tuple[int, int, int]] = []
        operation_rows: list[tuple[int, int]] = []
        places: dict[int, tuple[int, int]] = {}  # operations shared by many tasks
        for phase in phases:
            phase_rows.append((len(task_rows), len(phase.tasks)))
            for task in phase.tasks:
                key = id(task.operations)
                if key not in places:
                    places[key] = (len(operation_rows), len(task.operations))
                    operation_rows += map(self._row, task.operations)
                task_rows.append((*places[key], task.tile))
        return (
            np.array(phase_rows, dtype=np.int64).reshape(-1, 2),
            np.array(task_rows, dtype=np.int64).reshape(-1, 3),
            np.array(operation_rows, dtype=np.int64).reshape(-1, 2),
        )

    def _row(self, operation: Operation) -> tuple[int, int]:
        """The addresses of a kernel and of its arguments."""
        words = np.array(operation.words(), dtype=np.int64)
        self._held.append(words)
        return operation.entry.address(self._announce), memory_address(words)

    def __repr__(self) -> str:
        lines = [
            f"Program: tiles of {self.memory.tile}, {self.memory.tiles} per batch, "
            f"{self.memory.workers} workers, {self.memory.total_bytes / 1e6:.1f} MB"
        ]
        if self.nodes:
            lines += ["layers, fused", *(f"    {node}" for node in self.nodes)]
        for phase in self.phases:
            lines.append(f"{phase.name}  ({len(phase.tasks)} tasks)")
            shown: set[int] = set()
            for task in phase.tasks:
                if id(task.operations) in shown or len(shown) == 12:
                    continue
                shown.add(id(task.operations))
                lines += [
                    f"    {operation.entry.name:<24} {operation.stands_for:<44}"
                    f"{operation.operations / 1e6:10.3f} Mop"
                    f"{operation.bytes / 1e3:10.1f} kB"
                    for operation in task.operations
                ]
        return "\n".join(lines)
