"""Vector registers in LLVM: loads, stores, arithmetic, loops that carry sums.

Addresses are 64-bit integers, strides are in bytes.
"""

from typing import Any

from llvmlite import ir

from handgrad.engine import processor
from handgrad.engine.kernels.machine import FLOAT, INT32, INT64, call_llvm

LANES = 16
VECTOR = ir.VectorType(FLOAT, LANES)
VECTOR_BYTES = 4 * LANES
MASK = ir.VectorType(ir.IntType(1), LANES)


def own_lanes() -> int:
    """Floats in a register of the instruction set that kernels are compiled for."""
    return LANES if processor.instruction_set() in processor.WIDE else LANES // 2


class Loop:
    """A counted loop of at least one pass that carries sums in registers."""

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
        """End the loop's body with these new sums; returns them."""
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


def zeros(lanes: int = LANES) -> Any:
    """A vector of zeros."""
    return ir.Constant(ir.VectorType(FLOAT, lanes), [0.0] * lanes)


def moved(builder: Any, address: Any, stride: Any, count: Any) -> Any:
    """An address plus `count` strides."""
    steps = constant(count) if isinstance(count, int) else count
    return builder.add(address, builder.mul(stride, steps))


def pointer_at(builder: Any, address: Any, offset: int, kind: Any) -> Any:
    """An address plus `offset` bytes, as a pointer."""
    moved = builder.add(address, constant(offset)) if offset else address
    return builder.inttoptr(moved, kind.as_pointer())


def load(builder: Any, address: Any, offset: int, kind: Any = FLOAT) -> Any:
    """One number from memory."""
    return builder.load(pointer_at(builder, address, offset, kind))


def load_vector(builder: Any, address: Any, offset: int, kind: Any = VECTOR) -> Any:
    """A vector from memory, aligned or not."""
    loaded = builder.load(pointer_at(builder, address, offset, kind))
    loaded.align = 4
    return loaded


def store_vector(builder: Any, value: Any, address: Any, offset: int) -> None:
    """A vector to memory, aligned or not."""
    stored = builder.store(value, pointer_at(builder, address, offset, value.type))
    stored.align = 4


def masked_load(builder: Any, address: Any, mask: Any) -> Any:
    """A float for each bit of the mask; zero, without a read, where it is 0."""
    lanes = mask.type.count
    vector = ir.VectorType(FLOAT, lanes)
    place = builder.inttoptr(address, vector.as_pointer())
    name = f"masked.load.v{lanes}f32.p0"
    align = ir.Constant(INT32, 4)
    return call_llvm(builder, name, vector, place, align, mask, zeros(lanes))


def masked_store(builder: Any, value: Any, address: Any, mask: Any) -> None:
    """Sixteen floats where the mask is 1."""
    place = builder.inttoptr(address, VECTOR.as_pointer())
    align, name = ir.Constant(INT32, 4), f"masked.store.v{LANES}f32.p0"
    call_llvm(builder, name, ir.VoidType(), value, place, align, mask)


def splat(builder: Any, scalar: Any, lanes: int = LANES) -> Any:
    """One float in all lanes of a vector."""
    empty = ir.Constant(ir.VectorType(FLOAT, lanes), ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(INT32, 0))
    lane = ir.Constant(ir.VectorType(INT32, lanes), [0] * lanes)
    return builder.shuffle_vector(first, empty, lane)


def multiply_add(builder: Any, left: Any, right: Any, addend: Any) -> Any:
    """left * right + addend with one rounding."""
    name = f"fma.v{left.type.count}f32"
    return call_llvm(builder, name, left.type, left, right, addend)


def outer_sums(builder: Any, sums: Any, factors: Any, vectors: Any) -> list[Any]:
    """factor * vector + sum for each pair; factors may be emitted one after another."""
    before = iter(sums)
    return [
        multiply_add(builder, factor, vector, next(before))
        for factor in factors
        for vector in vectors
    ]


def sum_of_lanes(builder: Any, vector: Any) -> Any:
    """The sum of a vector, upper half added to lower: one order on every machine."""
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
