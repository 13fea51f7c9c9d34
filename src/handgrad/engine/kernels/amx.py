"""The processor's matrix unit: eight registers of 16 rows of 64 bytes (Intel AMX).

One instruction multiplies 16 x 32 bfloat16 numbers by 32 x 16 and adds the product to
16 x 16 float32 sums. Four of the registers hold sums, two each the factors.
"""

from typing import Any

from llvmlite import ir

from handgrad.engine import processor
from handgrad.engine.kernels.machine import INT8, INT64, call_llvm, emitted
from handgrad.engine.kernels.registers import Loop, constant, load, moved, pointer_at

BYTES = INT8.as_pointer()
EDGE = 16  # rows and columns of sums in a register
STEP = 32  # bfloat16 numbers in a register's row
SIDE = 2 * EDGE  # rows and columns of a block
ROW_BYTES = 64
REGISTER_BYTES = EDGE * ROW_BYTES
PARTS = 3
UNIT_BYTES = 2 * PARTS * REGISTER_BYTES  # a step of 32 rows, or columns, in three parts
# Small products first. Those left out, (1, 2), (2, 1) and (2, 2), are below 2**-26 of
# the whole. Neighbours share a factor, which stays in its registers.
PRODUCTS = ((0, 2), (0, 1), (1, 1), (1, 0), (2, 0), (0, 0))
LARGEST_PRODUCT = PRODUCTS[-1:]  # all that remains of numbers rounded to bfloat16


def _call(builder: Any, name: str, *arguments: Any) -> None:
    """Emit a call of an intrinsic of x86; integers are numbers of registers."""
    values = [ir.Constant(INT8, a) if isinstance(a, int) else a for a in arguments]
    call_llvm(builder, f"x86.{name}", ir.VoidType(), *values)


def _move(builder: Any, name: str, register: int, address: Any, stride: Any) -> None:
    _call(builder, name, register, builder.inttoptr(address, BYTES), stride)


@emitted()
def begin_matrices(builder):
    """Give all eight registers 16 rows of 64 bytes, in this thread."""
    settings = [0] * ROW_BYTES
    settings[0] = 1  # palette
    for register in range(8):
        settings[16 + 2 * register] = ROW_BYTES
        settings[48 + register] = EDGE
    kind = ir.VectorType(INT8, ROW_BYTES)
    with builder.goto_entry_block():
        slot = builder.alloca(kind)
    builder.store(ir.Constant(kind, settings), slot)
    _call(builder, "ldtilecfg", builder.bitcast(slot, BYTES))


@emitted()
def end_matrices(builder):
    """Release the registers, so that the system need not save them."""
    _call(builder, "tilerelease")


def _add_step(builder: Any, units: list[Any]) -> None:
    """Emit: add one step of 32 to the sums, from a unit of each operand."""
    held: list[int | None] = [None, None]
    for parts in LARGEST_PRODUCT if processor.rounds_to_bfloat16() else PRODUCTS:
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
                _call(builder, "tdpbf16ps", 2 * i + j, 4 + i, 6 + j)


@emitted(literals=1)
def matrix_runs(builder, adds, table, runs, steps, left, right, outputs, row):
    """outputs (32 x 32) = sum over runs of left @ right; or added to, if `adds` is 1.

    Arguments (addresses, offsets and strides in bytes)
        table         pairs of addresses: the first units of a run's two operands
        runs, steps   how many runs, and steps in each; at least one
        left, right   offsets that all runs share
        outputs, row  first number; from row to row
    """
    places = [
        builder.add(moved(builder, outputs, row, EDGE * i), constant(ROW_BYTES * j))
        for i in range(2)
        for j in range(2)
    ]
    for register, place in enumerate(places):
        if adds:
            _move(builder, "tileloadd64", register, place, row)
        else:
            _call(builder, "tilezero", register)
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


@emitted(literals=1)
def matrix_block(builder, adds, left, right, count, outputs, row):
    """outputs (32 x 32) = left @ right, or added to; `bfloat16x3` has their layout.

    Arguments
        left, right   units (`UNIT_BYTES`), one step after the other
        count         how many steps, at least one
        outputs, row  first number; bytes from row to row
    """
    with builder.goto_entry_block():
        table = builder.alloca(ir.ArrayType(INT64, 2))
    start = builder.ptrtoint(table, INT64)
    for side, address in enumerate((left, right)):
        builder.store(address, pointer_at(builder, start, 8 * side, INT64))
    zero, one = constant(0), constant(1)
    matrix_runs.emit(builder, adds, start, one, count, zero, zero, outputs, row)
