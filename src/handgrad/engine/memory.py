"""All memory of a program: planned once, named, with its role, never moved.

A buffer belongs to the program (one), to each worker (a tile passes through and leaves
nothing behind), or to each tile (when later phases look at it again). A matrix holds a
whole batch: (rows, columns), of which a tile is some columns.
"""

import ctypes
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape, memory_address
from handgrad.engine.fences import checks_bounds
from handgrad.engine.pages import Arena

CACHE_LINE = 64
FLOAT_BYTES = 4
PAD_FLOATS = 16  # keeps a matrix's rows from falling on the same places of a cache


@dataclass(frozen=True)
class Region:
    """A named piece of memory; with `step`, a tile's or worker's own `lane` of it."""

    name: str
    first: int
    bytes: int
    step: int = 0
    lane: int = 0


@dataclass(frozen=True)
class Pointer:
    """Where an array argument stands, and how it moves with tile and worker."""

    base: int
    tile_stride: int = 0
    worker_stride: int = 0
    region: Region | None = field(default=None, compare=False, repr=False)

    def plus(self, offset_bytes: int) -> "Pointer":
        """The same some bytes further on."""
        return replace(self, base=self.base + offset_bytes)

    def whole(self) -> "Pointer":
        """Where the first tile's or worker's stands, for all of them."""
        return replace(self, tile_stride=0, worker_stride=0)

    def by_tile(self, stride: int) -> "Pointer":
        """The same, some bytes further on for each tile."""
        return replace(self, tile_stride=stride, worker_stride=0)

    def room(self, tile: int, worker: int) -> tuple[int, int]:
        """Bytes from here back to the region's start (below 0), and on to its end."""
        region = self.region
        assert region is not None
        here = self.base + tile * self.tile_stride + worker * self.worker_stride
        low, high = region.first, region.first + region.bytes
        if region.step and region.step in (self.tile_stride, self.worker_stride):
            number = tile if self.tile_stride else worker
            low += number * region.step
            high = low + region.lane
        return low - here, high - here


NOWHERE = Pointer(0)  # for an array argument that a kernel does not touch


@dataclass(frozen=True)
class Allocation:
    """One line of the memory table."""

    name: str
    role: str
    bytes: int


@dataclass(frozen=True)
class Pixels:
    """Images that no operation has fetched: the first layer reads their bytes."""

    channels: int
    scale: Pointer
    shift: Pointer


@dataclass(frozen=True)
class Tensor:
    """A tile's activations or gradients: rows of examples, batch last.

    Shapes
        `shape` of one example; stored as (rows, columns), row by row `stride` floats
        apart; with `is_batch_first` as (examples, features) instead; with `has_border`
        pictures stand within the zeros that a first convolution asks for
    """

    shape: Shape
    pointer: Pointer
    stride: int
    is_batch_first: bool = False
    has_border: bool = False
    pixels: Pixels | None = None

    @property
    def rows(self) -> int:
        """How many numbers one example has."""
        return int(np.prod(self.shape))

    def reshaped(self, shape: Shape) -> "Tensor":
        """The same numbers under another shape."""
        return replace(self, shape=shape)


class Memory:
    """Hands out aligned, zeroed buffers and remembers what each is for."""

    def __init__(self, tile: int, tiles: int, workers: int, *, per_tile: bool) -> None:
        self.tile, self.tiles, self.workers = tile, tiles, workers
        self.per_tile = per_tile
        self.capacity = tile * tiles
        self.columns = self.capacity + PAD_FLOATS
        self.table: list[Allocation] = []
        self._arena = Arena()
        self._kept: set[int] = set()
        self._held: list[NumpyArray] = []

    def array(
        self, name: str, role: str, count: int, dtype: type = np.float32
    ) -> NumpyArray:
        """One buffer of the program, as a NumPy array."""
        item = np.dtype(dtype).itemsize
        raw = self._arena.take(count * item)
        self._held.append(raw)
        self.table.append(Allocation(name, role, count * item))
        return raw.view(dtype)

    def lookup(self, name: str, values: NumpyArray) -> Pointer:
        """A copy of an array of numbers that a kernel looks things up in."""
        held = self.array(name, "tables", values.size, values.dtype.type)
        held[:] = values.reshape(-1)
        return pointer_to(held, name)

    def shared(self, name: str, role: str, count: int) -> Pointer:
        """One float buffer of the program."""
        return pointer_to(self.array(name, role, count), name)

    def each(
        self, name: str, role: str, count: int, item: int = FLOAT_BYTES
    ) -> Pointer:
        """One buffer for each worker, or for each tile where phases need it."""
        return self._repeated(name, role, count * item, per_tile=self.per_tile)

    def each_tile(self, name: str, role: str, count: int) -> Pointer:
        """One float buffer for each tile."""
        return self._repeated(name, role, count * FLOAT_BYTES, per_tile=True)

    def each_worker(self, name: str, role: str, count: int) -> Pointer:
        """One float buffer for each worker."""
        return self._repeated(name, role, count * FLOAT_BYTES, per_tile=False)

    def dense(self, name: str, role: str, shape: Shape, *, rows: int = 0) -> Tensor:
        """A tile's own tensor; `rows` asks for more rows than the shape has."""
        count = max(rows, int(np.prod(shape))) * self.tile
        return Tensor(shape, self.each(name, role, count), self.tile)

    def matrix(self, name: str, role: str, shape: Shape) -> Tensor:
        """A tensor for the whole batch, of which each tile is some columns."""
        pointer = self.shared(name, role, int(np.prod(shape)) * self.columns)
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
        """Name tensors that a later operation reads: nothing writes over them."""
        self._kept |= {tensor.pointer.base for tensor in tensors}

    def is_kept(self, tensor: Tensor) -> bool:
        """Whether a later operation reads this buffer, under any shape or name."""
        return tensor.pointer.base in self._kept

    @property
    def total_bytes(self) -> int:
        """What all buffers take together."""
        return sum(line.bytes for line in self.table)

    def bytes_for(self, role: str) -> int:
        """What the buffers of one role take together."""
        return sum(line.bytes for line in self.table if line.role == role)

    @property
    def page_bytes(self) -> int:
        """What the system gives for them: no less, as it counts by pages."""
        return self._arena.page_bytes

    def _repeated(self, name: str, role: str, size: int, *, per_tile: bool) -> Pointer:
        step = -(-size // CACHE_LINE) * CACHE_LINE + CACHE_LINE
        count = self.tiles if per_tile else self.workers
        slack = step - size if checks_bounds() else 0  # the fence follows the last one
        array = self.array(name, role, step * count - slack, np.uint8)
        base = array.ctypes.data
        region = Region(name, base, array.nbytes, step, size)
        strides = (step, 0) if per_tile else (0, step)
        return Pointer(base, *strides, region)


def pointer_to(array: NumpyArray, name: str = "an array") -> Pointer:
    """Where an array of the program stands."""
    base = memory_address(array)
    return Pointer(base, region=Region(name, base, array.nbytes))


def numbers_at(pointer: Pointer, count: int, dtype: np.dtype[Any]) -> NumpyArray:
    """So many numbers where a pointer points to, without a copy."""
    size = count * dtype.itemsize
    held = (ctypes.c_uint8 * size).from_address(pointer.base)
    numbers: NumpyArray = np.ctypeslib.as_array(held).view(dtype)
    return numbers
