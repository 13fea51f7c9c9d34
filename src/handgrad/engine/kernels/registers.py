"""Vector registers in LLVM's words: loads, stores, loops that carry sums.

What `vector` builds its blocks of. Addresses are 64-bit integers, strides are bytes.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from handgrad.engine import processor
from handgrad.engine.kernels.machine import FLOAT, INT32, INT64

LANES = 16
VECTOR = ir.VectorType(FLOAT, LANES)
VECTOR_BYTES = 4 * LANES
MASK = ir.VectorType(ir.IntType(1), LANES)


def own_lanes() -> int:
    """Floats in one register of the instruction set that kernels are compiled for."""
    return LANES if processor.instruction_set() in processor.WIDE else LANES // 2


class Loop:
    """A counted loop of at least one turn that carries vector sums in registers."""

    def __init__(self, builder: Any, count: Any, sums: list[Any]) -> None:
        self._builder, self._count = builder, count
        before = builder.block
        self._body = builder.append_basic_block("loop")
        builder.branch(self._body)
        builder.position_at_end(self._body)
        self.index = builder.phi(INT64)
        self.index.add_incoming(constant(0), before)
        self.sums = [builder.phi(start.type) for start in sums]
        for phi, start in zip(self.sums, sums, strict=True):
            phi.add_incoming(start, before)

    def end(self, sums: list[Any]) -> list[Any]:
        """Close the loop around these new sums; returns them for what follows."""
        builder = self._builder
        following = builder.add(self.index, constant(1))
        self.index.add_incoming(following, builder.block)
        for phi, value in zip(self.sums, sums, strict=True):
            phi.add_incoming(value, builder.block)
        done = builder.append_basic_block("done")
        again = builder.icmp_signed("<", following, self._count)
        builder.cbranch(again, self._body, done)
        builder.position_at_end(done)
        return sums


def constant(value: int) -> Any:
    """An int64."""
    return ir.Constant(INT64, value)


def moved(builder: Any, address: Any, stride: Any, count: Any) -> Any:
    """An address some strides further on."""
    steps = constant(count) if isinstance(count, int) else count
    return builder.add(address, builder.mul(stride, steps))


def pointer_at(builder: Any, address: Any, offset: int, kind: Any) -> Any:
    """A pointer to some bytes behind an address."""
    moved = builder.add(address, constant(offset)) if offset else address
    return builder.inttoptr(moved, kind.as_pointer())


def load(builder: Any, address: Any, offset: int, kind: Any = FLOAT) -> Any:
    """One number from memory."""
    return builder.load(pointer_at(builder, address, offset, kind))


def load_vector(builder: Any, address: Any, offset: int, kind: Any = VECTOR) -> Any:
    """Sixteen floats from memory, aligned or not; or as many as a vector has."""
    loaded = builder.load(pointer_at(builder, address, offset, kind))
    loaded.align = 4
    return loaded


def store_vector(builder: Any, value: Any, address: Any, offset: int) -> None:
    """A vector to memory, aligned or not."""
    stored = builder.store(value, pointer_at(builder, address, offset, value.type))
    stored.align = 4


def masked_load(builder: Any, address: Any, mask: Any) -> Any:
    """A float for each bit of the mask; zero, and memory untouched, where it is 0."""
    lanes = mask.type.count
    vector = ir.VectorType(FLOAT, lanes)
    pointer = vector.as_pointer()
    kind = ir.FunctionType(vector, [pointer, INT32, mask.type, vector])
    function = cgutils.get_or_insert_function(
        builder.module, kind, f"llvm.masked.load.v{lanes}f32.p0"
    )
    zeros = ir.Constant(vector, [0.0] * lanes)
    place = builder.inttoptr(address, pointer)
    return builder.call(function, [place, ir.Constant(INT32, 4), mask, zeros])


def masked_store(builder: Any, value: Any, address: Any, mask: Any) -> None:
    """Sixteen floats where the mask is 1."""
    pointer = VECTOR.as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [VECTOR, pointer, INT32, MASK])
    function = cgutils.get_or_insert_function(
        builder.module, kind, f"llvm.masked.store.v{LANES}f32.p0"
    )
    place = builder.inttoptr(address, pointer)
    builder.call(function, [value, place, ir.Constant(INT32, 4), mask])


def splat(builder: Any, scalar: Any, lanes: int = LANES) -> Any:
    """One float in all places of a vector."""
    empty = ir.Constant(ir.VectorType(FLOAT, lanes), ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(INT32, 0))
    zeros = ir.Constant(ir.VectorType(INT32, lanes), [0] * lanes)
    return builder.shuffle_vector(first, empty, zeros)


def multiply_add(builder: Any, left: Any, right: Any, addend: Any) -> Any:
    """left * right + addend with one rounding."""
    kind = ir.FunctionType(left.type, [left.type] * 3)
    name = f"llvm.fma.v{left.type.count}f32"
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, [left, right, addend])


def sum_of_lanes(builder: Any, vector: Any) -> Any:
    """Halves added to halves: the same order on every machine."""
    width = vector.type.count
    while width > 1:
        width //= 2
        half = ir.VectorType(INT32, width)
        low = ir.Constant(half, list(range(width)))
        high = ir.Constant(half, list(range(width, 2 * width)))
        vector = builder.fadd(
            builder.shuffle_vector(vector, vector, low),
            builder.shuffle_vector(vector, vector, high),
        )
    return builder.extract_element(vector, ir.Constant(INT32, 0))
