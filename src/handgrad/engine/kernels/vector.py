"""The two inner loops of convolution, written in whole vector registers.

A compiler keeps a block of sums in registers only when it can prove that nothing else
moves; here it is said. Both blocks are generated for a number of outputs (and of
vectors or taps) from the loops below, once, for every geometry: offsets come in
tables, so a kernel size, a stride or a picture's size costs no compilation.

Sums run in the order of the tables with one rounding a step (fused multiply-add), so
the block's shape never changes a bit of the result.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from handgrad.engine.kernels.machine import FLOAT, INT32, INT64

LANES = 16
SUMS = 2  # running sums of a row
VECTOR = ir.VectorType(FLOAT, LANES)
VECTOR_BYTES = 4 * LANES


def taps_block_of(builder: Any, outs: int, vectors: int, arguments: Any) -> None:
    """Emit: outputs[o, v] = start[o] + sum over channels and taps of weight * input.

    Arguments (addresses and strides in bytes)
        inputs, channel_stride      first input value; from channel to channel
        weights, weight_stride      first weight; from channel to channel
        taps, tap_count             pairs (input offset, weight offset), int64
        channels                    how many
        start                       `outs` floats to begin with: the bias
        outputs, output_stride      first output; from output to output
    """
    (x, x_step, w, w_step, taps, tap_count, channels, start, out, out_step) = arguments
    starts = [_splat(builder, _load(builder, start, 4 * o)) for o in range(outs)]
    zero = [value for value in starts for _ in range(vectors)]

    channel_loop = _Loop(builder, channels, zero)
    tap_loop = _Loop(builder, tap_count, channel_loop.sums)
    x_row = builder.add(x, builder.mul(channel_loop.index, x_step))
    w_row = builder.add(w, builder.mul(channel_loop.index, w_step))
    entry = builder.add(taps, builder.mul(tap_loop.index, _constant(16)))
    x_at = builder.add(x_row, _load(builder, entry, 0, INT64))
    w_at = builder.add(w_row, _load(builder, entry, 8, INT64))
    inputs = [_load_vector(builder, x_at, v * VECTOR_BYTES) for v in range(vectors)]
    sums = []
    for o in range(outs):
        weight = _splat(builder, _load(builder, w_at, 4 * o))
        for v in range(vectors):
            before = tap_loop.sums[o * vectors + v]
            sums.append(_multiply_add(builder, weight, inputs[v], before))
    channel_loop.end(tap_loop.end(sums))
    for o in range(outs):
        row = builder.add(out, builder.mul(out_step, _constant(o)))
        for v in range(vectors):
            _store_vector(builder, sums[o * vectors + v], row, v * VECTOR_BYTES)


def dots_block_of(builder: Any, outs: int, taps: int, arguments: Any) -> None:
    """Emit: gradients[o, t] += sum over rows and run of d[o, run] * input[t, run].

    Arguments (addresses and strides in bytes)
        d, d_stride                 first output gradient; from output to output
        inputs, tap_offsets         first input value; one int64 offset for each tap
        rows, row_count             pairs (offset in d, offset in inputs), int64
        run                         vectors in a row
        gradients, gradient_stride  first sum; from output to output
    """
    (d, d_step, x, tap_offsets, rows, row_count, run, g, g_step) = arguments
    offsets = [_load(builder, tap_offsets, 8 * t, INT64) for t in range(taps)]
    zero = [ir.Constant(VECTOR, [0.0] * LANES)] * (outs * taps)

    row_loop = _Loop(builder, row_count, zero)
    run_loop = _Loop(builder, run, row_loop.sums)
    entry = builder.add(rows, builder.mul(row_loop.index, _constant(16)))
    along = builder.mul(run_loop.index, _constant(VECTOR_BYTES))
    d_at = builder.add(builder.add(d, _load(builder, entry, 0, INT64)), along)
    x_at = builder.add(builder.add(x, _load(builder, entry, 8, INT64)), along)
    d_rows = [builder.add(d_at, builder.mul(d_step, _constant(o))) for o in range(outs)]
    d_values = [_load_vector(builder, row, 0) for row in d_rows]
    sums: list[Any] = [None] * (outs * taps)
    for t in range(taps):
        value = _load_vector(builder, builder.add(x_at, offsets[t]), 0)
        for o in range(outs):
            before = run_loop.sums[o * taps + t]
            sums[o * taps + t] = _multiply_add(builder, d_values[o], value, before)
    row_loop.end(run_loop.end(sums))
    for o in range(outs):
        row = builder.add(g, builder.mul(g_step, _constant(o)))
        for t in range(taps):
            address = builder.add(row, _constant(4 * t))
            total = _sum_of_lanes(builder, sums[o * taps + t])
            total = builder.fadd(_load(builder, address, 0), total)
            builder.store(total, builder.inttoptr(address, FLOAT.as_pointer()))


def outer_block_of(builder: Any, rows: int, vectors: int, arguments: Any) -> None:
    """Emit: outputs[i, v] = sum over k of left[i, k] * right[k, v].

    Arguments (addresses and strides in bytes)
        left, left_row, left_step  first number; from row to row; from k to k
        right, right_step          first vector; from k to k
        count                      how many k
        outputs, output_row        first vector; from row to row
    """
    (left, left_row, left_step, right, right_step, count, out, out_row) = arguments
    zero = [ir.Constant(VECTOR, [0.0] * LANES)] * (rows * vectors)
    starts = [
        builder.add(left, builder.mul(left_row, _constant(i))) for i in range(rows)
    ]
    loop = _Loop(builder, count, zero)
    left_at = builder.mul(loop.index, left_step)
    right_at = builder.add(right, builder.mul(loop.index, right_step))
    values = [_load_vector(builder, right_at, v * VECTOR_BYTES) for v in range(vectors)]
    sums = []
    for i in range(rows):
        factor = _splat(builder, _load(builder, builder.add(starts[i], left_at), 0))
        for v in range(vectors):
            before = loop.sums[i * vectors + v]
            sums.append(_multiply_add(builder, factor, values[v], before))
    loop.end(sums)
    for i in range(rows):
        row = builder.add(out, builder.mul(out_row, _constant(i)))
        for v in range(vectors):
            _store_vector(builder, sums[i * vectors + v], row, v * VECTOR_BYTES)


def transpose_block_of(builder: Any, arguments: Any) -> None:
    """Emit: target[j, i] = source[i, j] for 16 x 16 numbers, in four rounds."""
    source, source_row, target, target_row = arguments
    rows = [
        _load_vector(
            builder, builder.add(source, builder.mul(source_row, _constant(i))), 0
        )
        for i in range(LANES)
    ]
    half = LANES // 2
    low = [i // 2 + (i % 2) * LANES for i in range(LANES)]
    high = [half + i // 2 + (i % 2) * LANES for i in range(LANES)]
    kind = ir.VectorType(INT32, LANES)
    for _ in range(4):  # each round weaves row i with row i + 8
        rows = [
            builder.shuffle_vector(rows[i], rows[i + half], ir.Constant(kind, mask))
            for i in range(half)
            for mask in (low, high)
        ]
    for j in range(LANES):
        at = builder.add(target, builder.mul(target_row, _constant(j)))
        _store_vector(builder, rows[j], at, 0)


def row_sum_of(builder: Any, arguments: Any) -> Any:
    """Emit: the sum of `count` vectors from an address, by two running sums."""
    address, count = arguments
    zero = [ir.Constant(VECTOR, [0.0] * LANES)] * SUMS
    loop = _Loop(builder, builder.sdiv(count, _constant(SUMS)), zero)
    start = builder.add(
        address, builder.mul(loop.index, _constant(SUMS * VECTOR_BYTES))
    )
    sums = [
        builder.fadd(loop.sums[part], _load_vector(builder, start, part * VECTOR_BYTES))
        for part in range(SUMS)
    ]
    first, second = loop.end(sums)
    return _sum_of_lanes(builder, builder.fadd(first, second))


@intrinsic
def row_sum(typing_context, address, count):
    """The sum of `count` vectors (an even number, at least two); `row_sum_of`."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return row_sum_of(builder, values)

    return types.float32(types.int64, types.int64), generate


@intrinsic(prefer_literal=True)
def taps_block(
    typing_context,
    outs,
    vectors,
    inputs,
    channel_stride,
    weights,
    weight_stride,
    taps,
    tap_count,
    channels,
    start,
    outputs,
    output_stride,
):
    """A block of `outs` x `vectors` convolution sums; see `taps_block_of`."""
    return _block(taps_block_of, (outs, vectors), 10)


@intrinsic(prefer_literal=True)
def dots_block(
    typing_context,
    outs,
    taps,
    d,
    d_stride,
    inputs,
    tap_offsets,
    rows,
    row_count,
    run,
    gradients,
    gradient_stride,
):
    """A block of `outs` x `taps` weight gradients; see `dots_block_of`."""
    return _block(dots_block_of, (outs, taps), 9)


@intrinsic(prefer_literal=True)
def outer_block(
    typing_context,
    rows,
    vectors,
    left,
    left_row,
    left_step,
    right,
    right_step,
    count,
    outputs,
    output_row,
):
    """A block of `rows` x `vectors` of a matrix product; see `outer_block_of`."""
    return _block(outer_block_of, (rows, vectors), 8)


@intrinsic
def transpose_block(typing_context, source, source_row, target, target_row):
    """Turn 16 x 16 numbers; see `transpose_block_of`."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        transpose_block_of(builder, values)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate


def _block(emit: Any, shape: Any, count: int) -> Any:
    """Numba's description of a block with a literal shape and `count` integers."""
    first, second = (size.literal_value for size in shape)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        emit(builder, first, second, values[2:])
        return context.get_dummy_value()

    return types.void(*shape, *[types.int64] * count), generate


class _Loop:
    """A counted loop of at least one turn that carries vector sums in registers."""

    def __init__(self, builder: Any, count: Any, sums: list[Any]) -> None:
        self._builder, self._count = builder, count
        before = builder.block
        self._body = builder.append_basic_block("loop")
        builder.branch(self._body)
        builder.position_at_end(self._body)
        self.index = builder.phi(INT64)
        self.index.add_incoming(_constant(0), before)
        self.sums = [builder.phi(VECTOR) for _ in sums]
        for phi, start in zip(self.sums, sums, strict=True):
            phi.add_incoming(start, before)

    def end(self, sums: list[Any]) -> list[Any]:
        """Close the loop around these new sums; returns them for what follows."""
        builder = self._builder
        following = builder.add(self.index, _constant(1))
        self.index.add_incoming(following, builder.block)
        for phi, value in zip(self.sums, sums, strict=True):
            phi.add_incoming(value, builder.block)
        done = builder.append_basic_block("done")
        again = builder.icmp_signed("<", following, self._count)
        builder.cbranch(again, self._body, done)
        builder.position_at_end(done)
        return sums


def _constant(value: int) -> Any:
    return ir.Constant(INT64, value)


def _moved(builder: Any, address: Any, stride: Any, count: int) -> Any:
    return builder.add(address, builder.mul(stride, _constant(count)))


def _at(builder: Any, address: Any, offset: int, kind: Any) -> Any:
    moved = builder.add(address, _constant(offset)) if offset else address
    return builder.inttoptr(moved, kind.as_pointer())


def _load(builder: Any, address: Any, offset: int, kind: Any = FLOAT) -> Any:
    return builder.load(_at(builder, address, offset, kind))


def _load_vector(builder: Any, address: Any, offset: int) -> Any:
    loaded = builder.load(_at(builder, address, offset, VECTOR))
    loaded.align = 4
    return loaded


def _store_vector(builder: Any, value: Any, address: Any, offset: int) -> None:
    stored = builder.store(value, _at(builder, address, offset, VECTOR))
    stored.align = 4


def _splat(builder: Any, scalar: Any) -> Any:
    empty = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(INT32, 0))
    zeros = ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES)
    return builder.shuffle_vector(first, empty, zeros)


def _multiply_add(builder: Any, left: Any, right: Any, addend: Any) -> Any:
    kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
    name = f"llvm.fma.v{LANES}f32"
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, [left, right, addend])


def _sum_of_lanes(builder: Any, vector: Any) -> Any:
    """Halves added to halves: the same order on every machine."""
    width = LANES
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
