"""float32 numbers as sums of three bfloat16 numbers, packed for the matrix unit.

A float32 number has 24 binary digits, a bfloat16 number 8 of them and the same
exponent. The bfloat16 split rounds to 8 digits twice; the rest fits exactly:

    part_0 = x rounded
    part_1 = x - part_0, rounded
    part_2 = x - part_0 - part_1          (at most 8 digits are left)

A product of two numbers is then nine products of parts; `amx.PRODUCTS` keeps the six
that change a float32 product. Truncated parts would all have the sign of x and bias
every product, rounded ones do not. Parts 1 and 2 of infinities and NaN are zero.

With the instruction set "amx-bf16" only part 0 is computed, in the same place.

Layout of a unit (`amx.UNIT_BYTES`): 32 lines, which are rows of a left matrix or
columns of a right one, by 32 steps of the inner sum. Each part of each half of the
lines takes a register: 16 lines of 16 pairs of steps (left), or 16 pairs of 16 lines
(right).

Source
    Henry, Tang, Heinecke (2019), Leveraging the bfloat16 artificial intelligence
    datatype for higher-precision computations.
"""

from itertools import islice
from typing import Any

from llvmlite import ir
from numba import types

from handgrad.engine import processor
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
from handgrad.engine.kernels.machine import INT32, emitted
from handgrad.engine.kernels.registers import (
    LANES,
    VECTOR,
    VECTOR_BYTES,
    constant,
    masked_load,
    moved,
    store_vector,
    zeros,
)
from handgrad.engine.kernels.simd_blocks import transpose_block

WORDS = ir.VectorType(INT32, LANES)
HALVES = ir.VectorType(ir.IntType(16), 2 * LANES)
UPPER = ir.Constant(WORDS, [-(1 << 16)] * LANES)  # sign, exponent, 7 stored digits
MAGNITUDE = ir.Constant(WORDS, [(1 << 31) - 1] * LANES)
HALF = ir.Constant(WORDS, [1 << 15] * LANES)  # of the last digit that is kept
LARGEST = ir.Constant(WORDS, [0x7F7F8000] * LANES)  # rounding up would overflow
TRANSPOSE_BYTES = PARTS * REGISTER_BYTES  # of scratch to transpose half a unit


def parts_read() -> int:
    """How many of the three parts the matrix unit reads; the others stay empty."""
    return 1 if processor.rounds_to_bfloat16() else PARTS


@emitted(types.int64)
def count_of_parts(builder):
    """Emit their number."""
    return constant(parts_read())


def lanes_below(builder: Any, count: Any) -> Any:
    """A mask of the first `count` lanes."""
    empty, word = ir.Constant(WORDS, ir.Undefined), builder.trunc(count, INT32)
    first = builder.insert_element(empty, word, ir.Constant(INT32, 0))
    everywhere = builder.shuffle_vector(first, empty, ir.Constant(WORDS, [0] * LANES))
    return builder.icmp_signed("<", ir.Constant(WORDS, list(range(LANES))), everywhere)


def parts_of(builder: Any, values: Any) -> list[Any]:
    """The bfloat16 split of sixteen numbers, each part in the upper half of a word."""
    bits = builder.bitcast(values, WORDS)
    fits = builder.icmp_unsigned("<", builder.and_(bits, MAGNITUDE), LARGEST)
    bits = builder.select(fits, builder.add(bits, HALF), bits)
    first = builder.and_(bits, UPPER)
    rest = builder.fsub(values, builder.bitcast(first, VECTOR))
    undefined = builder.fcmp_unordered("uno", rest, rest)  # infinity minus infinity
    rest = builder.select(undefined, zeros(), rest)
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


def _pack(builder: Any, join: Any, loads: Any, target: Any, part_bytes: Any) -> None:
    """Load 2 x 16 numbers (address, count of those that exist) and store the parts."""
    loaded = [
        masked_load(builder, address, lanes_below(builder, count))
        for address, count in loads
    ]
    pairs = zip(*(parts_of(builder, values) for values in loaded), strict=True)
    for part, words in enumerate(islice(pairs, parts_read())):
        place = moved(builder, target, part_bytes, part)
        store_vector(builder, join(builder, *words), place, 0)


@emitted()
def pack_line(builder, address, count, target, part_bytes):
    """Pack 32 steps of one line, of which the first `count` exist."""
    behind = builder.add(address, constant(VECTOR_BYTES))
    loads = ((address, count), (behind, builder.sub(count, constant(LANES))))
    _pack(builder, side_by_side, loads, target, part_bytes)


@emitted()
def pack_pair(builder, first, count, second, others, target, part_bytes):
    """Pack two steps of 16 lines, of which `count` and `others` exist."""
    _pack(builder, in_pairs, ((first, count), (second, others)), target, part_bytes)


@kernel
def pack_half(source, stride, is_along, lines, steps, transposes, target, scratch):
    """Pack 16 lines of 32 steps, of which `lines` and `steps` exist.

    With `is_along` the steps of a line are contiguous and lines `stride` bytes apart;
    otherwise the lines of a step are contiguous. With `transposes` the unit needs the
    other order: 16 x 16 pairs of steps are transposed as words.
    """
    place = scratch if transposes else target
    part_bytes = REGISTER_BYTES if transposes else 2 * REGISTER_BYTES
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
    if transposes:
        for part in range(count_of_parts()):
            part_of = scratch + part * REGISTER_BYTES
            to = target + 2 * part * REGISTER_BYTES
            transpose_block(part_of, ROW_BYTES, to, ROW_BYTES)


@kernel
def pack(source, stride, is_along, is_left, lines, steps, target, scratch):
    """Pack a matrix as units: 32 lines after 32 lines, and all steps of each."""
    units = (steps + STEP - 1) // STEP
    transposes = is_along != is_left
    line_bytes, step_bytes = (stride, 4) if is_along else (4, stride)
    for block in range((lines + SIDE - 1) // SIDE):
        for half in range(2):
            line = block * SIDE + half * EDGE
            tall = min(EDGE, max(0, lines - line))
            to = target + block * units * UNIT_BYTES + half * REGISTER_BYTES
            for unit in range(units):
                step = unit * STEP
                start, wide = source + line * line_bytes, min(STEP, steps - step)
                start, place = start + step * step_bytes, to + unit * UNIT_BYTES
                pack_half(
                    start, stride, is_along, tall, wide, transposes, place, scratch
                )


def packed_bytes(lines: int, steps: int) -> int:
    """How many bytes `pack` writes."""
    return -(-lines // SIDE) * -(-steps // STEP) * UNIT_BYTES
