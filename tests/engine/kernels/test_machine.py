import ctypes

import numpy as np
from llvmlite import ir
from numba import njit, types

from handgrad.engine.kernels import machine


@njit
def bits_of(value):
    return machine.float_to_bits(value)


@njit
def float_of(bits):
    return machine.bits_to_float(bits)


@njit
def loads(long):
    return machine.load_long(long)


@njit(nogil=True)
def add_often(address, times):
    last = 0
    for _ in range(times):
        last = machine.atomic_add(address, 1)
    return last


@njit
def stored(address, value):
    machine.atomic_store(address, value)
    return machine.atomic_load(address)


@njit
def call(entry, arguments, tile, worker):
    machine.call_entry(entry, arguments, tile, worker)


@njit
def call_without_arguments(function):
    machine.call_plain(function)


def test_bits_and_floats_are_the_same_32_bits():
    for value in np.array([0, -0.0, 1, -2.5, 1e-42, np.inf, 3.4e38], np.float32):
        bits = bits_of(value)
        assert np.uint32(bits & 0xFFFFFFFF) == value.view(np.uint32)
        assert np.float32(float_of(np.int32(bits))).view(np.uint32) == value.view(
            np.uint32
        )


def test_numbers_are_read_where_they_stand():
    longs = np.array([5, -7])
    assert loads(longs.ctypes.data + 8) == -7


def test_no_addition_of_several_threads_is_lost():
    from threading import Thread

    cell = np.zeros(1, np.int64)
    add_often(cell.ctypes.data, 1)
    threads = [
        Thread(target=add_often, args=(cell.ctypes.data, 50_000)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cell[0] == 150_001
    assert add_often(cell.ctypes.data, 1) == 150_001  # what stood there before


def test_a_stored_number_is_loaded():
    cell = np.zeros(1, np.int64)
    assert stored(cell.ctypes.data, -12) == -12 == cell[0]


def test_an_entry_is_called_with_its_three_numbers():
    seen = []
    kind = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
    entry = kind(lambda *numbers: seen.append(numbers))
    call(ctypes.cast(entry, ctypes.c_void_p).value, 11, 22, 33)
    assert seen == [(11, 22, 33)]


def test_a_function_without_arguments_is_called():
    seen = []
    function = ctypes.CFUNCTYPE(ctypes.c_int32)(lambda: seen.append(1) or 0)
    call_without_arguments(ctypes.cast(function, ctypes.c_void_p).value)
    assert seen == [1]


@machine.emitted(types.int64, literals=1)
def times_power(builder, power, value):
    """value * 2 ** power."""
    return builder.shl(value, ir.Constant(machine.INT64, power))


def test_an_emitter_gets_literals_as_integers_and_values_from_memory():
    assert times_power.__name__ == times_power.emit.__name__ == "times_power"
    found = njit(lambda value: (times_power(3, value), times_power(0, value)))(5)
    assert found == (40, 5)
