"""The processor's matrix unit: eight registers of 16 rows of 64 bytes (Intel AMX).

One instruction multiplies 16 x 32 bfloat16 numbers with 32 x 16 and adds to 16 x 16
float32 numbers. Of the eight registers four hold sums, two each the factors.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from handgrad.engine.kernels.machine import INT64
from handgrad.engine.kernels.registers import Loop, constant, load, moved, pointer_at

BYTE = ir.IntType(8)
BYTES = BYTE.as_pointer()
EDGE = 16  # rows and columns of sums in a register
STEP = 32  # bfloat16 numbers in a register's row
SIDE = 2 * EDGE  # rows and columns of a block
ROW_BYTES = 64
REGISTER_BYTES = EDGE * ROW_BYTES
PARTS = 3
UNIT_BYTES = 2 * PARTS * REGISTER_BYTES  # a step of 32 rows, or columns, in three parts
# Small products first. Those that are left out, (1, 2), (2, 1) and (2, 2), lie below
# 2**-26 of the whole. Neighbours share a factor, which stays in its registers.
PRODUCTS = ((0, 2), (0, 1), (1, 1), (1, 0), (2, 0), (0, 0))


def _emit(builder: Any, name: str, kinds: list[Any], arguments: list[Any]) -> None:
    kind = ir.FunctionType(ir.VoidType(), kinds)
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.{name}")
    builder.call(function, arguments)


def _move(builder: Any, name: str, register: int, address: Any, stride: Any) -> None:
    place = builder.inttoptr(address, BYTES)
    number = ir.Constant(BYTE, register)
    _emit(builder, name, [BYTE, BYTES, INT64], [number, place, stride])


def _multiply(builder: Any, sums: int, left: int, right: int) -> None:
    numbers = [ir.Constant(BYTE, register) for register in (sums, left, right)]
    _emit(builder, "tdpbf16ps", [BYTE] * 3, numbers)


@intrinsic
def begin_matrices(typing_context):
    """Give all eight registers 16 rows of 64 bytes, in this thread."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        settings = [0] * ROW_BYTES
        settings[0] = 1  # palette
        for register in range(8):
            settings[16 + 2 * register] = ROW_BYTES
            settings[48 + register] = EDGE
        kind = ir.VectorType(BYTE, ROW_BYTES)
        with builder.goto_entry_block():
            slot = builder.alloca(kind)
        builder.store(ir.Constant(kind, settings), slot)
        _emit(builder, "ldtilecfg", [BYTES], [builder.bitcast(slot, BYTES)])
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def end_matrices(typing_context):
    """Leave the registers: the system need not save them any more."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        _emit(builder, "tilerelease", [], [])
        return context.get_dummy_value()

    return types.void(), generate


def _add_step(builder: Any, units: Sequence[Any]) -> None:
    """Emit: the sums grow by one step of 32, from a unit of each side."""
    held: list[int | None] = [None, None]
    for parts in PRODUCTS:
        for side, part in enumerate(parts):
            if held[side] == part:
                continue
            for half in range(2):
                offset = constant((2 * part + half) * REGISTER_BYTES)
                place = builder.add(units[side], offset)
                register = 4 + 2 * side + half
                _move(builder, "tileloadd64", register, place, constant(ROW_BYTES))
            held[side] = part
        for i in range(2):
            for j in range(2):
                _multiply(builder, 2 * i + j, 4 + i, 6 + j)


def runs_of(builder: Any, adds: bool, arguments: Any) -> None:
    """Emit: outputs (32 x 32) = sum over runs of left @ right, or added to.

    Arguments
        table         pairs of addresses, first units of a run's left and right side
        runs, steps   how many runs, of how many steps each; at least one
        left, right   offsets that all runs share, bytes
        outputs, row  first number; bytes from row to row
    """
    table, runs, steps, left, right, outputs, row = arguments
    places = [
        builder.add(moved(builder, outputs, row, EDGE * i), constant(ROW_BYTES * j))
        for i in range(2)
        for j in range(2)
    ]
    for register, place in enumerate(places):
        if adds:
            _move(builder, "tileloadd64", register, place, row)
        else:
            _emit(builder, "tilezero", [BYTE], [ir.Constant(BYTE, register)])
    outer = Loop(builder, runs, [])
    entry = moved(builder, table, constant(16), outer.index)
    starts = [
        builder.add(load(builder, entry, 8 * side, INT64), offset)
        for side, offset in enumerate((left, right))
    ]
    inner = Loop(builder, steps, [])
    unit = constant(UNIT_BYTES)
    _add_step(builder, [moved(builder, start, unit, inner.index) for start in starts])
    inner.end([])
    outer.end([])
    for register, place in enumerate(places):
        _move(builder, "tilestored64", register, place, row)


def block_of(builder: Any, adds: bool, arguments: Any) -> None:
    """Emit: outputs (32 x 32) = left @ right, or added to; see `thirds` for both.

    Arguments
        left, right  units (`UNIT_BYTES`), a step after the other
        count        how many steps, at least one
        outputs, row first number; bytes from row to row
    """
    left, right, count, outputs, row = arguments
    with builder.goto_entry_block():
        table = builder.alloca(ir.ArrayType(INT64, 2))
    start = builder.ptrtoint(table, INT64)
    for side, address in enumerate((left, right)):
        builder.store(address, pointer_at(builder, start, 8 * side, INT64))
    zero, one = constant(0), constant(1)
    runs_of(builder, adds, (start, one, count, zero, zero, outputs, row))


@intrinsic(prefer_literal=True)
def matrix_block(typing_context, adds, left, right, count, outputs, row):
    """A block of 32 x 32 numbers of a product; see `block_of`. `adds` is 0 or 1."""
    is_added = bool(adds.literal_value)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        block_of(builder, is_added, values[1:])
        return context.get_dummy_value()

    return types.void(adds, *[types.int64] * 5), generate


@intrinsic(prefer_literal=True)
def matrix_runs(typing_context, adds, table, runs, steps, left, right, outputs, row):
    """A block of 32 x 32 numbers, summed over runs; see `runs_of`. `adds` is 0 or 1."""
    is_added = bool(adds.literal_value)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        runs_of(builder, is_added, values[1:])
        return context.get_dummy_value()

    return types.void(adds, *[types.int64] * 7), generate
