"""Winograd's transforms in vector registers.

A 3 x 3 convolution of 4 x 4 outputs reads 6 x 6 inputs and takes 144 multiplications.
As a product of polynomials, evaluated at six points, it takes 36: small matrices
transform inputs and weights to the points, and outputs back,

    outputs = A^T ((G weights G^T) * (B^T inputs B)) A              (* elementwise)

and every gradient uses the transposes of the same three. Each transform is `T x T^T`,
for sixteen examples or channels at once.

Source
    Winograd (1980), Arithmetic Complexity of Computations; Lavin, Gray (2016), Fast
    Algorithms for Convolutional Neural Networks. The points 0, +-3/4, +-3/2 and
    infinity keep rounding errors small: docs/decisions/0007.
"""

from fractions import Fraction
from math import prod
from typing import Any

from llvmlite import ir

from handgrad.engine.kernels.machine import INT64, emitted
from handgrad.engine.kernels.registers import (
    LANES,
    MASK,
    VECTOR,
    load,
    load_vector,
    masked_load,
    masked_store,
    moved,
    multiply_add,
    own_lanes,
    splat,
    store_vector,
    zeros,
)

Matrix = list[list[Fraction]]
OUTPUTS, TAPS = 4, 3  # of a tile, along one side
POINTS = OUTPUTS + TAPS - 1  # inputs of a tile, and points of evaluation
FINITE = (Fraction(0), *(Fraction(s * n, 4) for n in (3, 6) for s in (1, -1)))
WINDOW, WEIGHTS, RESULT, D_RESULT, D_WEIGHTS = range(5)  # what is transformed
MASK_BYTES = 2  # one bit for each lane
ALL, NONE = -1, 0


def transposed(matrix: Matrix) -> Matrix:
    """Columns as rows."""
    return [list(row) for row in zip(*matrix, strict=True)]


def evaluation(count: int) -> Matrix:
    """Powers of the points: evaluates a polynomial of `count` coefficients at each."""
    finite = [[point**power for power in range(count)] for point in FINITE]
    return [*finite, [Fraction(int(power == count - 1)) for power in range(count)]]


def interpolation() -> Matrix:
    """Row k: the polynomial that is zero at all points but k (B^T)."""
    rows = []
    for point in (*FINITE, None):
        row = [Fraction(1)]
        for other in FINITE:
            if other != point:
                shifted, same = [Fraction(0), *row], [*row, Fraction(0)]
                row = [a - other * b for a, b in zip(shifted, same, strict=True)]
        rows.append([*row, *[Fraction(0)] * (POINTS - len(row))])
    return rows


def weight_matrix() -> Matrix:
    """Values at the points, divided by those of `interpolation` there (G)."""
    norms = [prod(p - q for q in FINITE if q != p) for p in FINITE]
    rows = zip(evaluation(TAPS), [*norms, Fraction(1)], strict=True)
    return [[value / norm for value in row] for row, norm in rows]


MATRICES: dict[int, Matrix] = {
    WINDOW: interpolation(),
    WEIGHTS: weight_matrix(),
    RESULT: transposed(evaluation(OUTPUTS)),
    D_RESULT: evaluation(OUTPUTS),
    D_WEIGHTS: transposed(weight_matrix()),
}


def combination(builder: Any, factors: list[Fraction], vectors: list[Any]) -> Any:
    """The sum of factors times vectors, in order, without those that are zero."""
    total: Any = None
    for factor, vector in zip(factors, vectors, strict=True):
        if factor == 0:
            continue
        number = ir.Constant(VECTOR, [float(factor)] * LANES)
        if total is None:
            total = vector if factor == 1 else builder.fmul(number, vector)
        else:
            total = multiply_add(builder, number, vector, total)
    return total


def mask_of(builder: Any, masks: Any, place: int) -> Any:
    """A mask from a table of 16-bit numbers, one bit for each lane."""
    bits = load(builder, masks, MASK_BYTES * place, ir.IntType(LANES))
    return builder.bitcast(bits, MASK)


def whole_load(builder: Any, address: Any, mask: Any) -> Any:
    """Sixteen floats or sixteen zeros, by a mask that is all ones or all zeros.

    Without mask registers, a masked load costs more than the choice of an address.
    """
    spare = on_stack(builder)
    builder.store(zeros(), spare)
    return load_vector(builder, chosen(builder, mask, address, spare), 0)


def whole_store(builder: Any, value: Any, address: Any, mask: Any) -> None:
    """Store sixteen floats, or none, by such a mask."""
    place = chosen(builder, mask, address, on_stack(builder))
    store_vector(builder, value, place, 0)


def on_stack(builder: Any) -> Any:
    """Room for a vector on the stack."""
    with builder.goto_entry_block():
        return builder.alloca(VECTOR)


def chosen(builder: Any, mask: Any, address: Any, other: Any) -> Any:
    """The address where a mask is not zero, else the other."""
    bits = builder.bitcast(mask, ir.IntType(LANES))
    is_open = builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))
    return builder.select(is_open, address, builder.ptrtoint(other, INT64))


@emitted(literals=1)
def sandwich(
    builder, kind, x, x_row, x_column, x_masks, y, y_row, y_column, y_masks, start
):
    """y = T x T^T + start where masks are set; elsewhere x is 0, and y unchanged.

    A mask is all ones or all zeros.

    Arguments (addresses and strides in bytes)
        x, x_row, x_column, x_masks  first vector; strides; a mask for each number
        y, y_row, y_column, y_masks  the same
        start                        one float to add
    """
    matrix = MATRICES[kind]
    size, made = len(matrix[0]), len(matrix)
    read, write = masked_load, masked_store
    if own_lanes() < LANES:
        read, write = whole_load, whole_store
    rows = [moved(builder, x, x_row, i) for i in range(size)]
    half = []
    for j in range(size):  # columns first
        numbers = [
            read(
                builder,
                moved(builder, rows[i], x_column, j),
                mask_of(builder, x_masks, i * size + j),
            )
            for i in range(size)
        ]
        half.append([combination(builder, row, numbers) for row in matrix])
    begin = splat(builder, load(builder, start, 0))
    for i in range(made):
        row = moved(builder, y, y_row, i)
        for j in range(made):
            value = combination(builder, matrix[j], [half[k][i] for k in range(size)])
            value, place = builder.fadd(value, begin), moved(builder, row, y_column, j)
            write(builder, value, place, mask_of(builder, y_masks, i * made + j))
