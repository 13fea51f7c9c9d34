"""Linear layers of few outputs on images as they lie: no matrix library, no turning.

A product with ten rows keeps a matrix library busy with packing. Here each example's
pixels are read once, whole registers at a time, for all outputs.

Layout: inputs (examples, features), examples side by side; outputs batch last.
"""

from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    SIZE,
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

    `offsets` are those of these examples, in bytes; `row` is one of zeros.

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
        blocks: SIZE,
        features: SIZE,
        lanes: SIZE,
        stride: SIZE,
    ):
        for k in range(blocks * outs):
            outputs[k * stride : k * stride + lanes] = 0
        for first in range(0, lanes, examples):
            for block in range(blocks):
                dots_block(
                    outs,
                    examples,
                    weight + 4 * block * outs * features,
                    4 * features,
                    inputs + 4 * first * features,
                    offsets,
                    row,
                    1,
                    features // LANES,
                    outputs.ctypes.data + 4 * (block * outs * stride + first),
                    4 * stride,
                )

    return skinny_forward


@kernel_family
def weight_gradient_kernel(outs: int, at_once: int) -> Kernel:
    """d_weight[k, columns] = sum over examples of d_outputs[k, n] * inputs[n, columns].

    `at_once` of the outputs stand in the registers. `tap` is one of zeros, as `zeros`.

    Stands for
        d_weight of Linear.backward, some columns of it
    """

    @kernel_entry(operations=times(2, outs, "columns", "lanes"))
    def skinny_gradient(
        d_outputs: reads(FLOATS, matrix(outs, "lanes", "d_stride")),
        inputs: reads(at(FLOATS), matrix("lanes", "columns", "features")),
        d_weight: writes(at(FLOATS), matrix(outs, "columns", "stride")),
        turned: scratch(FLOATS, times("lanes", outs)),
        tap: reads(at(LONGS), 2),
        zeros: reads(at(FLOATS), outs),
        lanes: SIZE,
        d_stride: SIZE,
        features: SIZE,
        columns: SIZE,
        stride: SIZE,
    ):
        for k in range(outs):
            for n in range(lanes):
                turned[n * outs + k] = d_outputs[k * d_stride + n]
        for group in range(columns // LANES):
            for first in range(0, outs, at_once):
                taps_block(
                    at_once,
                    1,
                    inputs + group * VECTOR_BYTES,
                    4 * features,
                    turned.ctypes.data + 4 * first,
                    4 * outs,
                    tap,
                    1,
                    lanes,
                    zeros,
                    d_weight + 4 * first * stride + group * VECTOR_BYTES,
                    4 * stride,
                )

    return skinny_gradient
