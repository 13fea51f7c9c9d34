"""Run a kernel's entry on NumPy arrays, compiled, as a program would."""

import ctypes

import numpy as np

from handgrad.engine.kernels.declaration import Library, Sizes, Tile
from handgrad.engine.memory_plan import pointer_to
from handgrad.engine.operation import Operation
from handgrad.engine.processor import rounds_to_bfloat16

SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


def run_entry(kernel, *arguments, tile=0, worker=0, **named):
    """By name, or in the order of the declaration.

    Arrays stand where they are; each is all of the region that the kernel may touch.
    """
    unasked = (Tile, Library)
    takes = [n for n, a in kernel.arguments.items() if not isinstance(a, unasked)]
    named |= dict(zip(takes, arguments, strict=False))
    given = {name: pointed(value) for name, value in named.items()}
    operation = Operation(kernel, "a test", **given)
    operation.check_regions((tile, tile), worker + 1)
    table = np.array(operation.words(), dtype=np.int64)
    SIGNATURE(kernel.address())(table.ctypes.data, tile, worker)


def run_python(kernel, *arguments):
    """The same without compilation, on flat arrays, with each size for itself."""
    arguments = [
        each.reshape(-1) if isinstance(each, np.ndarray) else each for each in arguments
    ]
    given = dict(zip(kernel.arguments, arguments, strict=True))
    kernel.body(
        *(
            tuple(given[size] for size in parameter.each())
            if isinstance(parameter, Sizes)
            else given[name]
            for name, parameter in kernel.parameters.items()
        )
    )


def as_multiplied(values):
    """The numbers that the matrix unit multiplies: rounded to bfloat16, or all digits.

    In float64, so that a product of two of them is exact.
    """
    return (rounded(values) if rounds_to_bfloat16() else values).astype(np.float64)


def rounded(values):
    """float32 numbers to the nearest one with 8 digits."""
    bits = values.view(np.uint32) + np.uint32(1 << 15)
    return (bits & np.uint32(0xFFFF0000)).view(np.float32)


def pointed(value):
    """An array as a pointer to it."""
    return pointer_to(value) if isinstance(value, np.ndarray) else value


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
