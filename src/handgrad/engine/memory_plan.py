"""The memory plan of a program: named buffers with a role, at fixed addresses.

There is one buffer for the program, one for each worker (for what a tile needs within a
phase), or one for each tile (for what later phases read). A matrix holds a whole batch:
(rows, columns), of which a tile is some columns.
"""

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape, memory_address
from handgrad.engine.fences import checks_bounds
from handgrad.engine.pages import Arena
from handgrad.errors import ResourceError

CACHE_LINE = 64
FLOAT_BYTES = 4
MOST_NUMBERS = 1 << 31  # that int32 counts, from 0
PAD_FLOATS = 16  # so that a matrix's rows do not map to the same cache sets


@dataclass(eq=False)
class Region:
    """A named range of memory; with `step`, a `lane` for each tile or worker.

    Its address, `first`, is 0 until it is placed.
    """

    name: str
    first: int
    bytes: int
    step: int = 0
    lane: int = 0


@dataclass(frozen=True)
class Pointer:
    """The address of an array argument, with its strides over tiles and workers.

    `offset` bytes into its region, or an address without one.
    """

    offset: int
    tile_stride: int = 0
    worker_stride: int = 0
    region: Region | None = field(default=None, repr=False)

    @property
    def base(self) -> int:
        """The address; an AssertionError before the region is placed."""
        if self.region is None:
            return self.offset
        assert self.region.first, f"{self.region.name} has no place yet"
        return self.region.first + self.offset

    def plus(self, offset_bytes: int) -> "Pointer":
        """The same, so many bytes further."""
        return replace(self, offset=self.offset + offset_bytes)

    def whole(self) -> "Pointer":
        """The pointer of the first tile or worker, for all of them."""
        return replace(self, tile_stride=0, worker_stride=0)

    def by_tile(self, stride: int) -> "Pointer":
        """The same, so many bytes further for each tile."""
        return replace(self, tile_stride=stride, worker_stride=0)

    def room(self, tile: int, worker: int) -> tuple[int, int]:
        """Bytes from here to the region's start (at most 0), and to its end."""
        region = self.region
        assert region is not None
        here = self.offset + tile * self.tile_stride + worker * self.worker_stride
        low, high = 0, region.bytes
        if region.step and region.step in (self.tile_stride, self.worker_stride):
            number = tile if self.tile_stride else worker
            low += number * region.step
            high = low + region.lane
        return low - here, high - here


NOWHERE = Pointer(0)  # for an array argument that a kernel does not use


@dataclass
class Allocation:
    """One line of the memory table; `own` are the bytes that no line before has."""

    name: str
    role: str
    bytes: int
    own: int
    is_whole: bool = False  # whether fewer images take as many pages of it


@dataclass(frozen=True)
class Tensor:
    """A tile's activations or gradients: rows of examples, batch last.

    Shapes
        `shape` of one example; stored as (rows, columns), row by row `stride` floats
        apart; with `is_batch_first` as (examples, features) instead; with `has_border`
        images have the zero padding of the first convolution
    """

    shape: Shape
    pointer: Pointer
    stride: int
    is_batch_first: bool = False
    has_border: bool = False

    @property
    def rows(self) -> int:
        """How many numbers one example has."""
        return int(np.prod(self.shape))

    def reshaped(self, shape: Shape) -> "Tensor":
        """The same numbers under another shape."""
        return replace(self, shape=shape)


class Memory:
    """Allocates aligned buffers and records the role of each.

    An array is zeroed and placed at once. With `shares` other buffers are placed when
    the program is known: those with disjoint lifetimes share memory.
    """

    def __init__(
        self,
        tile: int,
        tiles: int,
        workers: int,
        *,
        per_tile: bool,
        shares: bool = False,
    ) -> None:
        self.tile, self.tiles, self.workers = tile, tiles, workers
        self.per_tile, self.shares = per_tile, shares and not checks_bounds()
        self.capacity = tile * tiles
        self.columns = self.capacity + PAD_FLOATS
        self.table: list[Allocation] = []
        self._arena = Arena()
        self._kept: set[tuple[Region | None, int]] = set()
        self._held: list[NumpyArray] = []
        self._unplaced: dict[Region, Allocation] = {}

    def array(
        self, name: str, role: str, count: int, dtype: type = np.float32
    ) -> NumpyArray:
        """One buffer of the program, as a NumPy array."""
        item = np.dtype(dtype).itemsize
        raw = self._arena.take(count * item)
        self._held.append(raw)
        self.table.append(Allocation(name, role, count * item, count * item))
        return raw.view(dtype)

    @property
    def unplaced(self) -> list[Region]:
        """Buffers without an address yet."""
        return list(self._unplaced)

    def place(self, offsets: Mapping[Region, int], total: int) -> None:
        """Give them addresses: offsets in bytes into one buffer of `total` bytes."""
        if not offsets:
            return
        raw = self._arena.take(total)
        self._held.append(raw)
        top = 0
        for region, offset in sorted(offsets.items(), key=lambda item: item[1]):
            end = offset + region.bytes
            self._unplaced[region].own = max(0, end - max(top, offset))
            region.first, top = memory_address(raw) + offset, max(top, end)
        self._unplaced.clear()

    def _region(
        self, name: str, role: str, size: int, step: int = 0, lane: int = 0
    ) -> Region:
        """A buffer of so many bytes, placed or not."""
        if not self.shares:
            raw = self.array(name, role, size, np.uint8)
            return Region(name, memory_address(raw), size, step, lane)
        region = Region(name, 0, size, step, lane)
        line = Allocation(name, role, size, size)
        self.table.append(line)
        self._unplaced[region] = line
        return region

    def lookup(self, name: str, values: NumpyArray) -> Pointer:
        """A copy of a table that a kernel reads."""
        held = self.array(name, "tables", values.size, values.dtype.type)
        held[:] = values.reshape(-1)
        return pointer_to(held, name)

    def order(self, order: NumpyArray) -> Pointer:
        """The indices of a gather, as int32; ResourceError if they are larger."""
        count = int(order.max(initial=-1)) + 1
        if count > MOST_NUMBERS:
            raise ResourceError(
                f"The CPU engine takes convolution weights of at most {MOST_NUMBERS:,} "
                f"numbers, got {count:,}. Use fewer channels, or the plain engine."
            )
        return self.lookup("order", order.astype(np.int32))

    def shared(self, name: str, role: str, count: int) -> Pointer:
        """One float buffer of the program."""
        return Pointer(0, region=self._region(name, role, count * FLOAT_BYTES))

    def each(
        self, name: str, role: str, count: int, item: int = FLOAT_BYTES
    ) -> Pointer:
        """One buffer for each worker, or for each tile if later phases read it."""
        return self._repeated(name, role, count * item, per_tile=self.per_tile)

    def each_tile(self, name: str, role: str, count: int) -> Pointer:
        """One float buffer for each tile."""
        return self._repeated(name, role, count * FLOAT_BYTES, per_tile=True)

    def each_worker(self, name: str, role: str, count: int) -> Pointer:
        """One float buffer for each worker."""
        return self._repeated(name, role, count * FLOAT_BYTES, per_tile=False)

    def dense(self, name: str, role: str, shape: Shape, *, rows: int = 0) -> Tensor:
        """A tile's own tensor; `rows`: at least so many, for more than its shape."""
        count = max(rows, int(np.prod(shape))) * self.tile
        return Tensor(shape, self.each(name, role, count), self.tile)

    def matrix(self, name: str, role: str, shape: Shape) -> Tensor:
        """A tensor for the whole batch, of which each tile is some columns."""
        pointer = self.shared(name, role, int(np.prod(shape)) * self.columns)
        self.table[-1].is_whole = True  # each row holds some columns of every tile
        moved = replace(pointer, tile_stride=self.tile * FLOAT_BYTES)
        return Tensor(shape, moved, self.columns)

    def rows_matrix(self, name: str, role: str, shape: Shape) -> Tensor:
        """A tensor for the whole batch with an example a row, by whole registers."""
        count = int(np.prod(shape))
        stride = -(-count // PAD_FLOATS) * PAD_FLOATS + PAD_FLOATS
        pointer = self.shared(name, role, self.capacity * stride)
        moved = replace(pointer, tile_stride=self.tile * stride * FLOAT_BYTES)
        return Tensor(shape, moved, stride, is_batch_first=True)

    def keep(self, *tensors: Tensor) -> None:
        """Mark tensors that a later operation reads: nothing overwrites them."""
        self._kept |= {(t.pointer.region, t.pointer.offset) for t in tensors}

    def is_kept(self, tensor: Tensor) -> bool:
        """Whether a later operation reads this buffer, under any shape or name."""
        return (tensor.pointer.region, tensor.pointer.offset) in self._kept

    @property
    def total_bytes(self) -> int:
        """Bytes of all buffers."""
        return sum(line.own for line in self.table)

    def bytes_for(self, role: str) -> int:
        """Bytes of the buffers of one role."""
        return sum(line.own for line in self.table if line.role == role)

    @property
    def page_bytes(self) -> int:
        """Bytes of their pages, which the system allocates as a whole."""
        return self._arena.page_bytes

    def _repeated(self, name: str, role: str, size: int, *, per_tile: bool) -> Pointer:
        step = -(-size // CACHE_LINE) * CACHE_LINE + CACHE_LINE
        count = self.tiles if per_tile else self.workers
        slack = step - size if checks_bounds() else 0  # a guard page follows it
        region = self._region(name, role, step * count - slack, step, size)
        self.table[-1].is_whole = not per_tile
        strides = (step, 0) if per_tile else (0, step)
        return Pointer(0, *strides, region)


def pointer_to(array: NumpyArray, name: str = "an array") -> Pointer:
    """A pointer to an array of the program."""
    return Pointer(0, region=Region(name, memory_address(array), array.nbytes))


def numbers_at(pointer: Pointer, count: int, dtype: np.dtype[Any]) -> NumpyArray:
    """The numbers at a pointer, without a copy."""
    size = count * dtype.itemsize
    held = (ctypes.c_uint8 * size).from_address(pointer.base)
    numbers: NumpyArray = np.ctypeslib.as_array(held).view(dtype)
    return numbers
