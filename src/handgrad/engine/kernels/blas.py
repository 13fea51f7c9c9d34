"""Matrix products by the BLAS that SciPy ships, called from compiled code.

SciPy publishes the address of `sgemm` for this purpose. BLAS is column-major: a
row-major product C = A B is its column-major C^T = B^T A^T, so the operands are
exchanged and nothing is copied.
"""

from functools import cache

from llvmlite import ir
from numba.extending import get_cython_function_address

from handgrad.engine.kernels.machine import FLOAT, INT8, INT32, INT64, emitted


@cache
def sgemm_address() -> int:
    """The address of SciPy's single-precision matrix product in this process."""
    import scipy.linalg.cython_blas  # noqa: F401  (loads the library)

    address: int = get_cython_function_address("scipy.linalg.cython_blas", "sgemm")
    return address


def _reference(builder, value):
    """The address of a value on the stack."""
    with builder.goto_entry_block():
        slot = builder.alloca(value.type)
    builder.store(value, slot)
    return slot


@emitted()
def call_sgemm(
    builder, function, transpose_a, transpose_b, m, n, k, a, lda, b, ldb, c, ldc
):
    """Column-major C = op(A) op(B); transposes are 0 or 1."""

    def letter(flag):
        is_set = builder.icmp_signed("!=", flag, ir.Constant(INT64, 0))
        letters = (ir.Constant(INT8, ord(name)) for name in "TN")
        return _reference(builder, builder.select(is_set, *letters))

    def size(value):
        return _reference(builder, builder.trunc(value, INT32))

    def matrix(address):
        return builder.inttoptr(address, FLOAT.as_pointer())

    alpha, beta = (_reference(builder, ir.Constant(FLOAT, x)) for x in (1.0, 0.0))
    references = [
        *(letter(transpose_a), letter(transpose_b), size(m), size(n), size(k), alpha),
        *(matrix(a), size(lda), matrix(b), size(ldb), beta, matrix(c), size(ldc)),
    ]
    kind = ir.FunctionType(ir.VoidType(), [value.type for value in references])
    builder.call(builder.inttoptr(function, kind.as_pointer()), references)
