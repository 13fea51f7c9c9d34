import ctypes

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from handgrad.engine.kernels import registers
from handgrad.engine.kernels.machine import INT64

from .run import floats


@intrinsic
def weave(typing_context, source, target, count):
    """target = sum over count of source[0] * row k, in a loop; returns its sum."""

    def generate(context, builder, signature, values):
        start, out, turns = values
        zero = [ir.Constant(registers.VECTOR, [0.0] * registers.LANES)]
        loop = registers.Loop(builder, turns, zero)
        row = registers.moved(
            builder, start, registers.constant(registers.VECTOR_BYTES), 0
        )
        row = builder.add(
            row, builder.mul(loop.index, ir.Constant(INT64, registers.VECTOR_BYTES))
        )
        first = registers.splat(builder, registers.load(builder, start, 0))
        numbers = registers.load_vector(builder, row, 0)
        total = registers.multiply_add(builder, first, numbers, loop.sums[0])
        (total,) = loop.end([total])
        registers.store_vector(builder, total, out, 0)
        return registers.sum_of_lanes(builder, total)

    return types.float32(types.int64, types.int64, types.int64), generate


def test_a_loop_carries_sums_and_lanes_are_added_by_halves():
    source, target = floats(5, 16), np.zeros(16, np.float32)
    run = njit(lambda a, b, n: weave(a, b, n))
    total = run(source.ctypes.data, target.ctypes.data, 5)
    wide = np.zeros(16, np.float32)
    for row in source:  # one rounding a step, as a fused multiply-add has
        wide = (wide + np.float64(source[0, 0]) * row).astype(np.float32)
    np.testing.assert_array_equal(target, wide)
    halves = target.copy()
    while len(halves) > 1:
        halves = halves[: len(halves) // 2] + halves[len(halves) // 2 :]
    assert total == halves[0]


def test_vectors_need_no_alignment():
    raw = np.zeros(60, np.float32)
    raw[3:19] = np.arange(16)
    target = np.zeros(16, np.float32)
    run = njit(lambda a, b, n: weave(a, b, n))
    address = raw.ctypes.data + 3 * ctypes.sizeof(ctypes.c_float)
    run(address, target.ctypes.data, 1)
    np.testing.assert_array_equal(target, np.zeros(16))
