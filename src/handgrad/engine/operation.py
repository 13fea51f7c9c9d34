"""One kernel with its arguments, checked against what the kernel declares.

Names and numbers are checked when an operation is made, and the extent of each array
when a program is made (`check_regions`). So no kernel of a program reads or writes
outside the memory that was planned for it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from handgrad.engine.kernels.declaration import (
    Array,
    Element,
    Integer,
    Library,
    Span,
    Tile,
    evaluate,
)
from handgrad.engine.kernels.entry import Kernel
from handgrad.engine.memory_plan import Pointer, numbers_at
from handgrad.errors import KernelCallError

Value: TypeAlias = Pointer | int


class Operation:
    """A kernel, its arguments by name, and the layers that it computes.

    `operations` and `bytes` are the cost of one run (a multiplication and an addition
    are two operations), as the kernel declares.
    """

    def __init__(self, entry: Kernel, stands_for: str, /, **arguments: Value) -> None:
        self.entry, self.stands_for, self.arguments = entry, stands_for, arguments
        self._check_names()
        self.spans: dict[str, Span] = {}
        values = Values(self)
        for name in self._arrays():
            values.span(name)
        self.operations = int(evaluate(entry.operations, values))
        moved = evaluate(entry.bytes_moved, values)
        self.bytes = self._declared_bytes() if moved is None else int(moved)

    def _arrays(self) -> dict[str, Array]:
        declared = self.entry.arguments
        return {n: a for n, a in declared.items() if isinstance(a, Array)}

    def _declared_bytes(self) -> int:
        return sum(
            array.passes * self.spans[name].count * array.element.dtype.itemsize
            for name, array in self._arrays().items()
        )

    def _check_names(self) -> None:
        declared = self.entry.arguments
        wanted = {n for n, a in declared.items() if not isinstance(a, Tile | Library)}
        for name in sorted(wanted ^ set(self.arguments)):
            what = "misses" if name in wanted else "does not take"
            raise self.error(name, f"the kernel {what} it", f"Give {sorted(wanted)}")
        for name, value in self.arguments.items():
            argument = declared[name]
            if isinstance(argument, Array) != isinstance(value, Pointer):
                raise self.error(name, f"it is {value}", "Give arrays as pointers")
            if isinstance(argument, Integer) and not argument.allows(int(value)):  # type: ignore[arg-type]  # no Pointer
                limits = f"{argument.least} to {argument.largest or 'any number'}"
                raise self.error(name, f"it is {value}", f"Give {limits}")

    def check_regions(self, tiles: tuple[int, int], workers: int) -> None:
        """KernelCallError if an array reaches beyond its region for any tile, worker.

        `tiles` are the first and the last tile that the operation runs for.
        """
        for name, array in self._arrays().items():
            self.check_region(name, array.element, tiles, workers)

    def check_region(
        self, name: str, element: Element, tiles: tuple[int, int], workers: int
    ) -> None:
        """The same for one array."""
        span, item = self.spans[name], element.dtype.itemsize
        if span.end <= span.first:
            return
        pointer: Any = self.arguments[name]
        if pointer.region is None:
            raise self.error(name, "its region is unknown", "Point into a buffer")
        for tile in tiles:
            for worker in (0, workers - 1):
                low, high = pointer.room(tile, worker)
                if span.first * item < low or span.end * item > high:
                    raise self.error(
                        name,
                        f"it touches bytes {span.first * item} to {span.end * item} of "
                        f"{pointer.region.name!r}, where tile {tile} and worker "
                        f"{worker} have {low} to {high}",
                        "Plan a larger region, or a smaller size",
                    )

    def error(self, name: str, problem: str, advice: str) -> KernelCallError:
        """An error about one argument."""
        return KernelCallError(
            f"Kernel {self.entry.name} ({self.stands_for}), argument {name}: "
            f"{problem}. {advice}."
        )

    def words(self) -> list[int]:
        """The arguments as the integers that the kernel reads."""
        return [
            word
            for name, argument in self.entry.arguments.items()
            for word in self._words(name, argument)
        ]

    def _words(self, name: str, argument: Any) -> Iterator[int]:
        if isinstance(argument, Library):
            yield argument.find()
        elif isinstance(argument, Array):
            pointer: Any = self.arguments[name]
            yield from (pointer.base, pointer.tile_stride, pointer.worker_stride)
            yield self.spans[name].end
        elif isinstance(argument, Integer):
            yield int(self.arguments[name])  # type: ignore[arg-type]  # no Pointer


class Values(Mapping[str, Any]):
    """An operation's arguments for its declaration: integers, and tables."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._declared = operation.entry.arguments

    def span(self, name: str) -> Span:
        """The part of an array that the operation reads or writes."""
        spans, array = self._operation.spans, self._declared[name]
        if name not in spans:
            spans[name] = array.span(self)
        return spans[name]

    def __getitem__(self, name: str) -> Any:
        argument, value = self._declared[name], self._operation.arguments[name]
        if not isinstance(argument, Array):
            return value
        span, element = self.span(name), argument.element
        self._operation.check_region(name, element, (0, 0), 1)
        return numbers_at(value, span.end, element.dtype)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[str]:
        return iter(self._operation.arguments)

    def __len__(self) -> int:
        return len(self._operation.arguments)
