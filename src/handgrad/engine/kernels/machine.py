"""The few things kernels need that Numba's Python does not say: addresses and atomics.

A program is a table of numbers: which kernel, and its arguments. A kernel's entry gets
the address of its arguments, the tile it works on and the worker that runs it, so a
whole step runs without the interpreter. An argument that is an array is stored as four
integers, of which the last says how many elements a kernel may touch. Its address is

    base + tile * tile_stride + worker * worker_stride        (bytes)

so one table serves all tiles and workers.
"""

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

ENTRY_SIGNATURE = types.void(types.int64, types.int64, types.int64)
INT64 = ir.IntType(64)
INT32 = ir.IntType(32)
FLOAT = ir.FloatType()
IS_X86 = platform.machine().lower() in ("x86_64", "amd64")
FLUSH = 0x8040  # results and operands that are denormal count as 0


def _pointer_to(numba_type: Any) -> Any:
    """An intrinsic that reads an address as a pointer to this type."""

    @intrinsic
    def cast(typing_context, address):
        def generate(context, builder, signature, arguments):
            return builder.inttoptr(
                arguments[0], context.get_value_type(signature.return_type)
            )

        return types.CPointer(numba_type)(types.int64), generate

    return cast


float_pointer = _pointer_to(types.float32)
byte_pointer = _pointer_to(types.uint8)
long_pointer = _pointer_to(types.int64)
double_pointer = _pointer_to(types.float64)


@intrinsic
def load_long(typing_context, address):
    """The 64-bit integer at an address."""

    def generate(context, builder, signature, arguments):
        return builder.load(builder.inttoptr(arguments[0], INT64.as_pointer()))

    return types.int64(types.int64), generate


@intrinsic
def store_long(typing_context, address, value):
    """Write a 64-bit integer to an address."""

    def generate(context, builder, signature, arguments):
        address, value = arguments
        builder.store(value, builder.inttoptr(address, INT64.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def atomic_load(typing_context, address):
    """The 64-bit integer at an address, as another worker wrote it last."""

    def generate(context, builder, signature, arguments):
        pointer = builder.inttoptr(arguments[0], INT64.as_pointer())
        return builder.load_atomic(pointer, "seq_cst", 8)

    return types.int64(types.int64), generate


@intrinsic
def atomic_store(typing_context, address, value):
    """Write a 64-bit integer so that every other worker sees it."""

    def generate(context, builder, signature, arguments):
        pointer = builder.inttoptr(arguments[0], INT64.as_pointer())
        builder.store_atomic(arguments[1], pointer, "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def atomic_add(typing_context, address, value):
    """Add to a 64-bit integer that workers share; returns what stood there before."""

    def generate(context, builder, signature, arguments):
        pointer = builder.inttoptr(arguments[0], INT64.as_pointer())
        return builder.atomic_rmw("add", pointer, arguments[1], "seq_cst")

    return types.int64(types.int64, types.int64), generate


@intrinsic
def call_entry(typing_context, entry, arguments, tile, worker):
    """Call the kernel at an address."""

    def generate(context, builder, signature, values):
        kind = ir.FunctionType(ir.VoidType(), [INT64, INT64, INT64])
        function = builder.inttoptr(values[0], kind.as_pointer())
        builder.call(function, values[1:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate


@intrinsic
def call_plain(typing_context, function):
    """Call a C function without arguments at an address: sched_yield."""

    def generate(context, builder, signature, values):
        kind = ir.FunctionType(INT32, [])
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), [])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def call_futex(typing_context, function, number, address, operation, value, timeout):
    """Linux's futex, through the C function `syscall`, with the call's own number."""

    def generate(context, builder, signature, values):
        function, number, *arguments = values
        kind = ir.FunctionType(INT64, [INT64], var_arg=True)
        pointer = builder.inttoptr(function, kind.as_pointer())
        zero = ir.Constant(INT64, 0)
        builder.call(pointer, [number, *arguments, zero, zero])
        return context.get_dummy_value()

    return types.void(*[types.int64] * 6), generate


@intrinsic
def bits_to_float(typing_context, bits):
    """The float32 whose bits are those of a 32-bit integer."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], FLOAT)

    return types.float32(types.int32), generate


@intrinsic
def float_to_bits(typing_context, value):
    """The bits of a float32 as a 32-bit integer."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], INT32)

    return types.int32(types.float32), generate


def _control_word(builder, name, slot):
    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    builder.call(function, [builder.bitcast(slot, ir.IntType(8).as_pointer())])


@intrinsic
def flush_small_numbers(typing_context):
    """Take numbers below 1.2e-38 as 0 in this thread; returns how it was before.

    Processors work on such (denormal) numbers a hundred times more slowly. Only where
    there is an x86 control word; elsewhere nothing changes.
    """

    def generate(context, builder, signature, arguments):
        if not IS_X86:
            return ir.Constant(INT32, 0)
        slot = cgutils.alloca_once(builder, INT32)
        _control_word(builder, "llvm.x86.sse.stmxcsr", slot)
        before = builder.load(slot)
        builder.store(builder.or_(before, ir.Constant(INT32, FLUSH)), slot)
        _control_word(builder, "llvm.x86.sse.ldmxcsr", slot)
        return before

    return types.int32(), generate


@intrinsic
def set_control_word(typing_context, word):
    """Put back what `flush_small_numbers` returned."""

    def generate(context, builder, signature, arguments):
        if IS_X86:
            slot = cgutils.alloca_once(builder, INT32)
            builder.store(arguments[0], slot)
            _control_word(builder, "llvm.x86.sse.ldmxcsr", slot)
        return context.get_dummy_value()

    return types.void(types.int32), generate
