from dataclasses import replace

import numpy as np
import pytest

from handgrad.engine.kernels import entry
from handgrad.engine.kernels.declaration import (
    FLAG,
    FLOATS,
    LONGS,
    OCTETS,
    SIZE,
    TILE,
    Library,
    Sizes,
    at,
    reads,
    writes,
)
from handgrad.engine.kernels.entry import Kernel, kernel_entry
from handgrad.engine.memory_plan import pointer_to

from .run import run_entry


def size(size):
    return size


@kernel_entry(
    source=reads(FLOATS, size),
    more=reads(LONGS, size),
    least=reads(OCTETS, size),
    target=writes(FLOATS, size),
    size=SIZE,
)
def add_all(source, more, least, target, size):
    for place in range(size):
        target[place] = source[place] + more[place] + least[place]


@kernel_entry(
    target=writes(LONGS, 5),
    address=reads(at(FLOATS), 1),
    function=Library(lambda: 77),
    number=SIZE,
    flag=FLAG,
    tile=TILE,
)
def note_all(target, address, function, number, flag, tile):
    target[:] = address
    target[1], target[2], target[4] = function, number, tile
    if flag:
        target[3] = 1


def test_arrays_are_read_as_what_they_are():
    target = np.zeros(3, np.float32)
    run_entry(
        add_all,
        source=np.array([0.5, 1.5, 2.5], np.float32),
        more=np.array([10, 20, 30]),
        least=np.array([1, 2, 255], np.uint8),
        target=target,
        size=3,
    )
    np.testing.assert_array_equal(target, [11.5, 23.5, 287.5])


@pytest.mark.parametrize("flag", [False, True])
def test_what_no_caller_gives_is_filled_in(flag):
    values, target = np.zeros(4, np.float32), np.zeros(5, np.int64)
    moving = pointer_to(values).by_tile(4)
    run_entry(note_all, target=target, address=moving, number=5, flag=flag, tile=3)
    address = values.ctypes.data + 12
    np.testing.assert_array_equal(target, [address, 77, 5, 1 if flag else address, 3])


def test_an_array_moves_with_tile_and_worker():
    values, zeros = np.arange(24, dtype=np.float32), np.zeros(2, np.int64)
    target = np.zeros(2, np.float32)
    moving = replace(pointer_to(values), tile_stride=8, worker_stride=48)
    run_entry(
        *(add_all, moving, zeros, np.zeros(2, np.uint8), target, 2), tile=3, worker=1
    )
    np.testing.assert_array_equal(target, [18, 19])


def test_a_kernel_is_announced_when_it_is_compiled_and_never_again():
    def named(tile):
        pass

    made, heard = Kernel(named, {"tile": TILE}), []
    assert not made.is_compiled
    address = made.address(heard.append)
    assert made.is_compiled
    assert address == made.address(heard.append) != 0
    assert heard == ["named"]


def test_a_kernel_declares_its_parameters_in_their_order():
    with pytest.raises(AssertionError, match="clear"):
        kernel_entry(size=SIZE, values=writes(FLOATS, size))(clear)


def test_sizes_are_arguments_of_their_own():
    @kernel_entry(target=writes(LONGS, "count"), sizes=Sizes("count step"))
    def count_up(target, sizes):
        count, step = sizes
        for place in range(count):
            target[place] = place * step

    assert list(count_up.arguments) == ["target", "count", "step"]
    target = np.zeros(3, np.int64)
    run_entry(count_up, target=target, step=5, count=3)
    np.testing.assert_array_equal(target, [0, 5, 10])


def clear(values, size):
    values[:size] = 0


def test_kernels_run_without_compilation_too():
    @entry.kernel
    def double(value):
        return 2 * value

    @entry.inlined
    def triple(value):
        return 3 * value

    assert double(4) == double.py_func(4) == 8
    assert triple.py_func(4) == 12
