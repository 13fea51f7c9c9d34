"""Addresses, atomics and calls that Numba's Python cannot express.

A kernel's entry takes the address of its arguments, the tile and the worker, so that a
whole step runs without the interpreter (`loading` has the layout of the arguments).
"""

import platform
from collections.abc import Callable
from inspect import signature
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

ENTRY_SIGNATURE = types.void(types.int64, types.int64, types.int64)
INT64, INT32, INT8 = ir.IntType(64), ir.IntType(32), ir.IntType(8)
FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()
IS_X86 = platform.machine().lower() in ("x86_64", "amd64")
FLUSH = 0x8040  # of the control word: denormal results and operands count as 0


def emitted(
    returns: Any = types.void, takes: Any = types.int64, *, literals: int = 0
) -> Callable[[Callable[..., Any]], Any]:
    """Make a function for compiled code of one that emits its LLVM instructions.

    The emitting function (`emit` of the result) takes a builder and values. The first
    `literals` of them are integers known at compile time, the others of type `takes`.
    """

    def made(emit: Callable[..., Any]) -> Any:
        count = len(signature(emit).parameters) - 1 - literals

        def define(typing_context, *arguments):
            fixed = [argument.literal_value for argument in arguments[:literals]]

            def generate(context, builder, signature, values):
                result = emit(builder, *fixed, *values[literals:])
                return context.get_dummy_value() if result is None else result

            return returns(*arguments[:literals], *[takes] * count), generate

        described: Any = define
        described.__name__, described.__doc__ = emit.__name__, emit.__doc__
        described.__signature__ = signature(emit)
        function = intrinsic(prefer_literal=literals > 0)(described)
        function.emit = emit
        return function

    return made


def call_llvm(builder: Any, name: str, returns: Any, *values: Any) -> Any:
    """Emit a call of an intrinsic of LLVM by its name."""
    kind = ir.FunctionType(returns, [value.type for value in values])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}")
    return builder.call(function, values)


def _pointer_to(numba_type: Any, kind: Any) -> Any:
    @emitted(types.CPointer(numba_type))
    def pointer(builder, address):
        """An address as a pointer, for `carray`."""
        return builder.inttoptr(address, kind.as_pointer())

    return pointer


float_pointer = _pointer_to(types.float32, FLOAT)
byte_pointer = _pointer_to(types.uint8, INT8)
long_pointer = _pointer_to(types.int64, INT64)
double_pointer = _pointer_to(types.float64, DOUBLE)


@emitted(types.int64)
def load_long(builder, address):
    """The 64-bit integer at an address."""
    return builder.load(builder.inttoptr(address, INT64.as_pointer()))


@emitted()
def store_long(builder, address, value):
    """Write a 64-bit integer to an address."""
    builder.store(value, builder.inttoptr(address, INT64.as_pointer()))


@emitted(types.int64)
def atomic_load(builder, address):
    """The 64-bit integer at an address that workers share."""
    pointer = builder.inttoptr(address, INT64.as_pointer())
    return builder.load_atomic(pointer, "seq_cst", 8)


@emitted()
def atomic_store(builder, address, value):
    """Write a 64-bit integer that workers share."""
    pointer = builder.inttoptr(address, INT64.as_pointer())
    builder.store_atomic(value, pointer, "seq_cst", 8)


@emitted(types.int64)
def atomic_add(builder, address, value):
    """Add to a 64-bit integer that workers share; returns the value before."""
    pointer = builder.inttoptr(address, INT64.as_pointer())
    return builder.atomic_rmw("add", pointer, value, "seq_cst")


@emitted()
def call_entry(builder, entry, arguments, tile, worker):
    """Call the kernel at an address."""
    kind = ir.FunctionType(ir.VoidType(), [INT64, INT64, INT64])
    function = builder.inttoptr(entry, kind.as_pointer())
    builder.call(function, [arguments, tile, worker])


@emitted()
def call_plain(builder, function):
    """Call a C function without arguments at an address: sched_yield."""
    kind = ir.FunctionType(INT32, [])
    builder.call(builder.inttoptr(function, kind.as_pointer()), [])


@emitted()
def call_futex(builder, function, number, address, operation, value, timeout):
    """Linux's futex, by the C function `syscall` and the number of the call."""
    kind = ir.FunctionType(INT64, [INT64], var_arg=True)
    pointer, zero = builder.inttoptr(function, kind.as_pointer()), ir.Constant(INT64, 0)
    builder.call(pointer, [number, address, operation, value, timeout, zero, zero])


@emitted(types.float32, types.int32)
def bits_to_float(builder, bits):
    """The float32 with the bits of a 32-bit integer."""
    return builder.bitcast(bits, FLOAT)


@emitted(types.int32, types.float32)
def float_to_bits(builder, value):
    """The bits of a float32 as a 32-bit integer."""
    return builder.bitcast(value, INT32)


def _control_word(builder, name, slot):
    pointer = builder.bitcast(slot, INT8.as_pointer())
    call_llvm(builder, f"x86.sse.{name}", ir.VoidType(), pointer)


@emitted(types.int32)
def flush_small_numbers(builder):
    """Flush numbers below 1.2e-38 to 0 in this thread; returns the old control word.

    Processors compute with such (denormal) numbers a hundred times more slowly. Other
    processors than x86 are left as they are.
    """
    if not IS_X86:
        return ir.Constant(INT32, 0)
    slot = cgutils.alloca_once(builder, INT32)
    _control_word(builder, "stmxcsr", slot)
    before = builder.load(slot)
    builder.store(builder.or_(before, ir.Constant(INT32, FLUSH)), slot)
    _control_word(builder, "ldmxcsr", slot)
    return before


@emitted(takes=types.int32)
def set_control_word(builder, word):
    """Restore what `flush_small_numbers` returned."""
    if IS_X86:
        slot = cgutils.alloca_once(builder, INT32)
        builder.store(word, slot)
        _control_word(builder, "ldmxcsr", slot)
