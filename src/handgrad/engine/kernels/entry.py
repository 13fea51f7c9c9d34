"""How a kernel becomes an address that a program can call."""

from collections.abc import Callable
from typing import Any

from numba import carray, cfunc, njit

from handgrad.engine.kernels.machine import (
    ENTRY_SIGNATURE,
    byte_pointer,
    float_pointer,
    load_long,
    long_pointer,
)

OPTIONS = {"nogil": True, "error_model": "numpy", "boundscheck": False, "cache": True}
REASSOCIATE = {"reassoc", "contract"}  # sums over a tile, in an order the tile fixes

kernel = njit(**OPTIONS)
summing_kernel = njit(**OPTIONS, fastmath=REASSOCIATE)
Announce = Callable[[str], None]


class Entry:
    """A kernel's way in: compiled when its address is first asked for, then cached."""

    def __init__(self, function: Callable[[int, int, int], None]) -> None:
        self.function = function
        self.name = function.__name__.removesuffix("_entry")
        self._compiled: Any = None

    @property
    def is_compiled(self) -> bool:
        """Whether this process has it compiled already."""
        return self._compiled is not None

    def address(self, announce: Announce | None = None) -> int:
        """Where the machine code stands; compiles it or reads it from the disk cache."""
        if self._compiled is None:
            if announce is not None:
                announce(self.name)
            options = {"error_model": "numpy", "boundscheck": False, "cache": True}
            self._compiled = cfunc(ENTRY_SIGNATURE, **options)(self.function)
        address: int = self._compiled.address
        return address


@kernel
def address_of(arguments: int, slot: int, tile: int, worker: int) -> int:
    """The address of an array argument for this tile and this worker."""
    base = load_long(arguments + 8 * slot)
    tile_stride = load_long(arguments + 8 * slot + 8)
    worker_stride = load_long(arguments + 8 * slot + 16)
    return base + tile * tile_stride + worker * worker_stride


@kernel
def integer(arguments: int, slot: int) -> int:
    """An integer argument."""
    return load_long(arguments + 8 * slot)


@kernel
def floats(arguments: int, slot: int, tile: int, worker: int, size: int) -> Any:
    """A float32 array argument of `size` numbers."""
    return carray(float_pointer(address_of(arguments, slot, tile, worker)), (size,))


@kernel
def octets(arguments: int, slot: int, tile: int, worker: int, size: int) -> Any:
    """A uint8 array argument of `size` numbers."""
    return carray(byte_pointer(address_of(arguments, slot, tile, worker)), (size,))


@kernel
def longs(arguments: int, slot: int, tile: int, worker: int, size: int) -> Any:
    """An int64 array argument of `size` numbers."""
    return carray(long_pointer(address_of(arguments, slot, tile, worker)), (size,))
