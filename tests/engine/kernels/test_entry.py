import numpy as np

from handgrad.engine.kernels import entry
from handgrad.engine.kernels.entry import Entry, floats, integer, longs, octets
from handgrad.engine.memory import Pointer

from .run import run_entry


def _copy_entry(arguments: int, tile: int, worker: int) -> None:
    """0 floats, 3 longs, 6 octets, 9 target; 12 size."""
    size = integer(arguments, 12)
    source = floats(arguments, 0, tile, worker, size)
    more = longs(arguments, 3, tile, worker, size)
    least = octets(arguments, 6, tile, worker, size)
    target = floats(arguments, 9, tile, worker, size)
    for place in range(size):
        target[place] = source[place] + more[place] + least[place]


copy_entry = Entry(_copy_entry)


def test_arrays_are_read_as_what_they_are():
    target = np.zeros(3, np.float32)
    run_entry(
        copy_entry,
        np.array([0.5, 1.5, 2.5], np.float32),
        np.array([10, 20, 30]),
        np.array([1, 2, 255], np.uint8),
        target,
        3,
    )
    np.testing.assert_array_equal(target, [11.5, 23.5, 287.5])


def test_an_address_moves_with_tile_and_worker():
    values, zeros = np.arange(24, dtype=np.float32), np.zeros(2, np.int64)
    target = np.zeros(2, np.float32)
    moving = Pointer(values.ctypes.data, tile_stride=8, worker_stride=48)
    run_entry(
        copy_entry, moving, zeros, np.zeros(2, np.uint8), target, 2, tile=3, worker=1
    )
    np.testing.assert_array_equal(target, [18, 19])


def test_a_kernel_is_announced_when_it_is_compiled_and_never_again():
    def _named_entry(arguments: int, tile: int, worker: int) -> None:
        pass

    made, heard = Entry(_named_entry), []
    assert not made.is_compiled
    address = made.address(heard.append)
    assert made.is_compiled
    assert address == made.address(heard.append) != 0
    assert heard == ["_named"]


def test_kernels_run_without_compilation_too():
    @entry.kernel
    def double(value):
        return 2 * value

    @entry.inlined
    def triple(value):
        return 3 * value

    assert double(4) == double.py_func(4) == 8
    assert triple.py_func(4) == 12
