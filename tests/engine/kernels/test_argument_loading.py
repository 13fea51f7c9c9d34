"""The words of a program become the arguments of a kernel."""

import numpy as np
from numba import njit

from handgrad.engine.kernels.argument_loading import loader
from handgrad.engine.kernels.declaration import (
    DOUBLES,
    FLAG,
    FLOATS,
    TILE,
    Integer,
    Sizes,
    at,
    reads,
)

ARGUMENTS = (reads(DOUBLES, 2), Integer(), reads(at(FLOATS), 1), FLAG, TILE)


def loaded(words, tile, worker):
    load = loader(ARGUMENTS)

    @njit
    def first(words, tile, worker):
        array, number, address, flag, which = load(words, tile, worker)
        return array.size, array[0], array[1], number, address, flag, which

    table = np.array(words, np.int64)
    return first(table.ctypes.data, tile, worker)


def test_each_argument_takes_its_words_in_turn():
    values = np.arange(20, dtype=np.float64)
    words = (values.ctypes.data, 16, 64, 2, -5, 1000, 10, 100, 9, 0)
    assert loaded(words, 0, 0) == (2, 0.0, 1.0, -5, 1000, False, 0)
    assert loaded((*words[:-1], 1), 3, 1) == (2, 14.0, 15.0, -5, 1130, True, 3)


def test_sizes_are_a_tuple_of_words():
    load = loader((Sizes("rows columns"), TILE))
    table = np.array([4, 9])
    found = njit(lambda words: load(words, 6, 0))(table.ctypes.data)
    assert found == ((4, 9), 6)


def test_one_argument_alone_and_two_of_a_kind():
    for count in (1, 2):
        load = loader((Integer(),) * count)
        table = np.arange(3, 3 + count)
        found = njit(lambda words, load=load: load(words, 0, 0))(table.ctypes.data)
        assert found == tuple(range(3, 3 + count))
