"""float32 numbers as sums of three bfloat16 numbers, packed for the matrix unit.

A float32 number has 24 binary digits, a bfloat16 number 8 of them and the same
exponent. Rounded to 8 digits, twice, three parts add up to the number itself:

    part_0 = x rounded
    part_1 = x - part_0, rounded
    part_2 = x - part_0 - part_1          (at most 8 digits are left)

A product of two numbers is then nine products of parts, of which `amx.PRODUCTS` keeps
the six that a float32 product can tell. Cut off instead of rounded, all parts would
have one sign, and what is left out would always be missing on the same side. An
infinite x, and NaN, have parts 1 and 2 of zero.

Layout of a unit (`amx.UNIT_BYTES`): 32 lines, the rows of a left matrix or the columns
of a right one, by 32 steps of the inner sum. For each part and each half of the lines
one register: 16 lines of 16 pairs of steps (left), or 16 pairs of 16 lines (right).

Source
    Henry, Tang, Heinecke (2019), Leveraging the bfloat16 artificial intelligence
    datatype for higher-precision computations.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.engine.kernels.amx import (
    EDGE,
    PARTS,
    REGISTER_BYTES,
    ROW_BYTES,
    SIDE,
    STEP,
    UNIT_BYTES,
)
from handgrad.engine.kernels.entry import kernel
from handgrad.engine.kernels.machine import INT32
from handgrad.engine.kernels.registers import (
    LANES,
    VECTOR,
    VECTOR_BYTES,
    constant,
    masked_load,
    moved,
    store_vector,
)
from handgrad.engine.kernels.simd_blocks import transpose_block

WORDS = ir.VectorType(INT32, LANES)
HALVES = ir.VectorType(ir.IntType(16), 2 * LANES)
UPPER = ir.Constant(WORDS, [-(1 << 16)] * LANES)  # sign, exponent, 7 stored digits
MAGNITUDE = ir.Constant(WORDS, [(1 << 31) - 1] * LANES)
HALF = ir.Constant(WORDS, [1 << 15] * LANES)  # of the last digit that is kept
LARGEST = ir.Constant(WORDS, [0x7F7F8000] * LANES)  # from here on it would overflow
TURN_BYTES = PARTS * REGISTER_BYTES  # of scratch for a unit's half


def lanes_below(builder: Any, count: Any) -> Any:
    """A mask of the first lanes."""
    empty, word = ir.Constant(WORDS, ir.Undefined), builder.trunc(count, INT32)
    first = builder.insert_element(empty, word, ir.Constant(INT32, 0))
    everywhere = builder.shuffle_vector(first, empty, ir.Constant(WORDS, [0] * LANES))
    return builder.icmp_signed("<", ir.Constant(WORDS, list(range(LANES))), everywhere)


def parts_of(builder: Any, values: Any) -> list[Any]:
    """The three parts of sixteen numbers, each in the upper half of a word."""
    zeros = ir.Constant(VECTOR, [0.0] * LANES)
    bits = builder.bitcast(values, WORDS)
    fits = builder.icmp_unsigned("<", builder.and_(bits, MAGNITUDE), LARGEST)
    bits = builder.select(fits, builder.add(bits, HALF), bits)
    first = builder.and_(bits, UPPER)
    rest = builder.fsub(values, builder.bitcast(first, VECTOR))
    undefined = builder.fcmp_unordered("uno", rest, rest)  # infinity minus infinity
    rest = builder.select(undefined, zeros, rest)
    bits = builder.add(builder.bitcast(rest, WORDS), HALF)
    second = builder.and_(bits, UPPER)
    third = builder.fsub(rest, builder.bitcast(second, VECTOR))
    return [first, second, builder.bitcast(third, WORDS)]


def side_by_side(builder: Any, first: Any, second: Any) -> Any:
    """The upper halves of sixteen words, then those of sixteen more."""
    odd = ir.Constant(ir.VectorType(INT32, 2 * LANES), list(range(1, 4 * LANES, 2)))
    halves = [builder.bitcast(words, HALVES) for words in (first, second)]
    return builder.bitcast(builder.shuffle_vector(*halves, odd), VECTOR)


def in_pairs(builder: Any, first: Any, second: Any) -> Any:
    """Words of two upper halves: the first's below the second's."""
    below = builder.lshr(first, ir.Constant(WORDS, [16] * LANES))
    both = builder.or_(below, builder.and_(second, UPPER))
    return builder.bitcast(both, VECTOR)


def _pack(builder: Any, weave: Any, first: Any, second: Any, target: Any) -> None:
    """Load 2 x 16 numbers (address, count of those that exist) and store the parts."""
    loaded = [
        masked_load(builder, address, lanes_below(builder, count))
        for address, count in (first, second)
    ]
    address, step = target
    pairs = zip(*(parts_of(builder, values) for values in loaded), strict=True)
    for part, words in enumerate(pairs):
        place = moved(builder, address, step, part)
        store_vector(builder, weave(builder, *words), place, 0)


@intrinsic
def pack_line(typing_context, address, count, target, part_bytes):
    """32 numbers side by side, the first `count` of which exist: pairs of steps."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address, count, *target = values
        behind = builder.add(address, constant(VECTOR_BYTES))
        others = builder.sub(count, constant(LANES))
        _pack(builder, side_by_side, (address, count), (behind, others), target)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate


@intrinsic
def pack_pair(typing_context, first, count, second, others, target, part_bytes):
    """Two steps of 16 lines side by side; so many of each exist."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        first, count, second, others, *target = values
        _pack(builder, in_pairs, (first, count), (second, others), target)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 6), generate


@kernel
def pack_half(source, stride, is_along, lines, steps, turns, target, scratch):
    """16 lines of 32 steps, of which `lines` and `steps` exist, in three parts.

    With `is_along` the steps of a line lie side by side and lines `stride` bytes
    apart; otherwise the lines of a step do. `turns` says that the unit wants the other
    of the two: pairs of steps are words, and 16 x 16 words are turned.
    """
    place = scratch if turns else target
    part_bytes = REGISTER_BYTES if turns else 2 * REGISTER_BYTES
    for row in range(EDGE):
        to = place + row * ROW_BYTES
        if is_along:
            count = steps if row < lines else 0
            pack_line(source + row * stride, count, to, part_bytes)
        else:
            first = source + 2 * row * stride
            count = lines if 2 * row < steps else 0
            others = lines if 2 * row + 1 < steps else 0
            pack_pair(first, count, first + stride, others, to, part_bytes)
    if turns:
        for part in range(PARTS):
            transpose_block(
                scratch + part * REGISTER_BYTES,
                ROW_BYTES,
                target + 2 * part * REGISTER_BYTES,
                ROW_BYTES,
            )


@kernel
def pack(source, stride, is_along, is_left, lines, steps, target, scratch):
    """A matrix as units: 32 lines after 32 lines, each all steps after one another."""
    units = (steps + STEP - 1) // STEP
    turns = is_along != is_left
    line_bytes, step_bytes = (stride, 4) if is_along else (4, stride)
    for block in range((lines + SIDE - 1) // SIDE):
        for half in range(2):
            line = block * SIDE + half * EDGE
            here = min(EDGE, max(0, lines - line))
            to = target + block * units * UNIT_BYTES + half * REGISTER_BYTES
            for unit in range(units):
                step = unit * STEP
                pack_half(
                    source + line * line_bytes + step * step_bytes,
                    stride,
                    is_along,
                    here,
                    min(STEP, steps - step),
                    turns,
                    to + unit * UNIT_BYTES,
                    scratch,
                )


def packed_bytes(lines: int, steps: int) -> int:
    """How many bytes `pack` writes."""
    return -(-lines // SIDE) * -(-steps // STEP) * UNIT_BYTES
