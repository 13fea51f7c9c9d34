"""Linear layers of few outputs on images, without BLAS and without a transpose.

In a product with ten rows BLAS spends its time on packing. Here each example's pixels
are read once, whole registers at a time, for all outputs.

Layout: inputs (examples, features), contiguous; outputs batch last.
"""

from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    Sizes,
    at,
    matrix,
    reads,
    scratch,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import Kernel, kernel_entry, kernel_family
from handgrad.engine.kernels.registers import LANES, VECTOR_BYTES
from handgrad.engine.kernels.simd_blocks import dots_block, taps_block


@kernel_family
def forward_kernel(outs: int, examples: int) -> Kernel:
    """outputs[k, n] = sum of weight[k] * inputs[n]; `outs` and `examples` at once.

    `offsets` are the bytes to each of these examples; `row` is two zeros.

    Stands for
        the product in Linear.forward

    Cost
        2 * outputs * features operations an example; weights stay in the first cache
    """

    @kernel_entry(operations=times(2, "blocks", outs, "features", "lanes"))
    def skinny_forward(
        weight: reads(at(FLOATS), times("blocks", outs, "features")),
        inputs: reads(
            at(FLOATS),
            lambda offsets, lanes, features: (
                (lanes - examples) * features + int(offsets.max()) // 4 + features
            ),
        ),
        outputs: updates(FLOATS, matrix(("blocks", outs), "lanes", "stride")),
        offsets: reads(at(LONGS), examples),
        row: reads(at(LONGS), 2),
        sizes: Sizes("blocks features lanes stride"),
    ):
        blocks, features, lanes, stride = sizes
        for k in range(blocks * outs):
            outputs[k * stride : k * stride + lanes] = 0
        w_step, run = 4 * features, features // LANES
        for first in range(0, lanes, examples):
            for block in range(blocks):
                w = weight + 4 * block * outs * features
                x = inputs + 4 * first * features
                y = outputs.ctypes.data + 4 * (block * outs * stride + first)
                dots_block(
                    outs, examples, w, w_step, x, offsets, row, 1, run, y, 4 * stride
                )

    return skinny_forward


@kernel_family
def weight_gradient_kernel(outs: int, at_once: int) -> Kernel:
    """d_weight[k, columns] = sum over examples of d_outputs[k, n] * inputs[n, columns].

    `at_once` of the outputs are held in registers. `tap` and `zeros` are zeros.

    Stands for
        d_weight of Linear.backward, some columns of it
    """

    @kernel_entry(operations=times(2, outs, "columns", "lanes"))
    def skinny_gradient(
        d_outputs: reads(FLOATS, matrix(outs, "lanes", "d_stride")),
        inputs: reads(at(FLOATS), matrix("lanes", "columns", "features")),
        d_weight: writes(at(FLOATS), matrix(outs, "columns", "stride")),
        transposed: scratch(FLOATS, times("lanes", outs)),
        tap: reads(at(LONGS), 2),
        zeros: reads(at(FLOATS), outs),
        sizes: Sizes("lanes d_stride features columns stride"),
    ):
        lanes, d_stride, features, columns, stride = sizes
        for k in range(outs):
            for n in range(lanes):
                transposed[n * outs + k] = d_outputs[k * d_stride + n]
        x_step, w_step, y_step = 4 * features, 4 * outs, 4 * stride
        for group in range(columns // LANES):
            x = inputs + group * VECTOR_BYTES
            for first in range(0, outs, at_once):
                w = transposed.ctypes.data + 4 * first
                y = d_weight + 4 * first * stride + group * VECTOR_BYTES
                taps_block(
                    at_once, 1, x, x_step, w, w_step, tap, 1, lanes, zeros, y, y_step
                )

    return skinny_gradient
