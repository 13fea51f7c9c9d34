"""Square matrix products by the BLAS that SciPy ships: the peak of this machine.

SciPy publishes the address of `sgemm` for this purpose. BLAS is column-major: a
row-major product C = A B is its column-major C^T = B^T A^T, so the operands are
exchanged and nothing is copied.
"""

from functools import cache
from typing import Any

from llvmlite import ir
from numba.extending import get_cython_function_address

from handgrad.engine.kernels.declaration import (
    FLOATS,
    SIZE,
    Library,
    at,
    reads,
    times,
    writes,
)
from handgrad.engine.kernels.entry import kernel_entry
from handgrad.engine.kernels.machine import FLOAT, INT8, INT32, emitted

SQUARE = times("size", "size")


@cache
def sgemm_address() -> int:
    """The address of SciPy's single-precision matrix product in this process."""
    import scipy.linalg.cython_blas  # noqa: F401  (loads the library)

    address: int = get_cython_function_address("scipy.linalg.cython_blas", "sgemm")
    return address


@emitted()
def call_sgemm(  # type: ignore[no-untyped-def]  # by Numba
    builder, function, size, left, right, outputs
):
    """outputs = left right, row-major and square."""

    def reference(value: Any) -> Any:
        with builder.goto_entry_block():
            slot = builder.alloca(value.type)
        builder.store(value, slot)
        return slot

    def pointer(address: Any) -> Any:
        return builder.inttoptr(address, FLOAT.as_pointer())

    plain = reference(ir.Constant(INT8, ord("N")))
    one, zero = (reference(ir.Constant(FLOAT, value)) for value in (1.0, 0.0))
    side = reference(builder.trunc(size, INT32))
    references = [
        *(plain, plain, side, side, side, one, pointer(right), side),
        *(pointer(left), side, zero, pointer(outputs), side),
    ]
    kind = ir.FunctionType(ir.VoidType(), [value.type for value in references])
    builder.call(builder.inttoptr(function, kind.as_pointer()), references)


@kernel_entry(
    operations=times(2, "size", "size", "size"),
    left=reads(at(FLOATS), SQUARE),
    right=reads(at(FLOATS), SQUARE),
    outputs=writes(at(FLOATS), SQUARE),
    function=Library(sgemm_address),
    size=SIZE,
)
def library_product(  # type: ignore[no-untyped-def]  # by Numba
    left, right, outputs, function, size
):
    """outputs = left right."""
    call_sgemm(function, size, left, right, outputs)
