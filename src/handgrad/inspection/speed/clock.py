"""A clock for compiled code, and an operation that records a timestamp.

Timestamps are taken inside the engine's own program, on its own workers, so operations
are timed in place: with the caches as the previous operation left them, and with the
other workers running.
"""

import ctypes
import sys
import time
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.engine.kernels.declaration import LONGS, SIZE, Library, at, writes
from handgrad.engine.kernels.entry import kernel_entry
from handgrad.engine.kernels.machine import INT32, INT64
from handgrad.errors import ResourceError

STAMP_BYTES = 16  # a C timespec: seconds and nanoseconds, 64 bits each


@cache
def clock_address() -> int:
    """The address of clock_gettime; ResourceError if the system has none."""
    if sys.platform == "win32":
        raise ResourceError(
            "Timing single operations needs clock_gettime, which Windows lacks. "
            "Run handgrad bench on Linux or macOS."
        )
    function = ctypes.CDLL(None).clock_gettime
    return ctypes.cast(function, ctypes.c_void_p).value or 0


@intrinsic
def call_clock(typing_context, function, clock, place):  # type: ignore[no-untyped-def]  # by Numba
    """Call clock_gettime(clock, place)."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = INT64.as_pointer()
        kind = ir.FunctionType(INT32, [INT32, pointer])
        target = builder.inttoptr(values[0], kind.as_pointer())
        number = builder.trunc(values[1], INT32)
        builder.call(target, [number, builder.inttoptr(values[2], pointer)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@kernel_entry(place=writes(at(LONGS), 2), function=Library(clock_address), clock=SIZE)
def stamp(place, function, clock):  # type: ignore[no-untyped-def]  # by Numba
    """Record the time of a clock."""
    call_clock(function, clock, place)


CLOCK = getattr(time, "CLOCK_MONOTONIC", 0)
