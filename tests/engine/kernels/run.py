"""Run a kernel's entry on NumPy arrays, compiled, as a program would."""

import ctypes

import numpy as np

from handgrad.engine.memory import Pointer

SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


def run_entry(entry, *arguments, tile=0, worker=0):
    """Arrays stand where they are; integers and pointers are written as they are."""
    words = []
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            assert argument.flags.c_contiguous
            words += [argument.ctypes.data, 0, 0]
        elif isinstance(argument, Pointer):
            words += [argument.base, argument.tile_stride, argument.worker_stride]
        else:
            words.append(int(argument))
    table = np.array(words, dtype=np.int64)
    SIGNATURE(entry.address())(table.ctypes.data, tile, worker)


def floats(*shape, seed=0, nan=False):
    """Standard normal float32 numbers; with `nan`, also NaN, infinities and zeros."""
    from handgrad.randomness import Key, normal

    values = normal(Key(seed).child("kernel"), shape).astype(np.float32)
    if nan:
        flat = values.reshape(-1)
        odd = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-42, -1e-42]
        flat[: 3 * len(odd) : 3][: len(odd)] = odd[: len(flat[: 3 * len(odd) : 3])]
    return values


def assert_same(actual, expected):
    """The same numbers to the bit, NaN in the same places."""
    assert actual.dtype == expected.dtype
    np.testing.assert_array_equal(actual, expected)
    signs = ~np.isnan(expected)
    np.testing.assert_array_equal(
        np.signbit(actual)[signs], np.signbit(expected)[signs]
    )
