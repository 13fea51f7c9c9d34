"""Matrix products by the BLAS that SciPy ships, called from compiled code.

SciPy publishes the address of `sgemm` for exactly this. BLAS thinks in column-major
matrices; a row-major product C = A B is its column-major C^T = B^T A^T, so the
operands change places and nothing is copied.
"""

from functools import cache

from llvmlite import ir
from numba import types
from numba.extending import get_cython_function_address, intrinsic

from handgrad.engine.kernels.machine import FLOAT, INT32, INT64

CHAR = ir.IntType(8)


@cache
def sgemm_address() -> int:
    """Where SciPy's single-precision matrix product stands in this process."""
    import scipy.linalg.cython_blas  # noqa: F401  (loads the library)

    address: int = get_cython_function_address("scipy.linalg.cython_blas", "sgemm")
    return address


@intrinsic
def call_sgemm(
    typing_context,
    function,
    transpose_a,
    transpose_b,
    m,
    n,
    k,
    alpha,
    a,
    lda,
    b,
    ldb,
    beta,
    c,
    ldc,
):
    """Column-major C = alpha * op(A) op(B) + beta * C; transposes are 0 or 1."""

    def generate(context, builder, signature, values):
        def by_reference(value, kind):
            with builder.goto_entry_block():
                slot = builder.alloca(kind)
            builder.store(value, slot)
            return slot

        def letter(flag):
            chosen = builder.select(
                builder.icmp_signed("!=", flag, ir.Constant(INT64, 0)),
                ir.Constant(CHAR, ord("T")),
                ir.Constant(CHAR, ord("N")),
            )
            return by_reference(chosen, CHAR)

        def size(value):
            return by_reference(builder.trunc(value, INT32), INT32)

        def matrix(address):
            return builder.inttoptr(address, FLOAT.as_pointer())

        (fn, ta, tb, m_, n_, k_, alpha_, a_, lda_, b_, ldb_, beta_, c_, ldc_) = values
        references = [
            letter(ta),
            letter(tb),
            size(m_),
            size(n_),
            size(k_),
            by_reference(alpha_, FLOAT),
            matrix(a_),
            size(lda_),
            matrix(b_),
            size(ldb_),
            by_reference(beta_, FLOAT),
            matrix(c_),
            size(ldc_),
        ]
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in references])
        builder.call(builder.inttoptr(fn, kind.as_pointer()), references)
        return context.get_dummy_value()

    long, single = types.int64, types.float32
    return (
        types.void(*[long] * 6, single, long, long, long, long, single, long, long),
        generate,
    )
