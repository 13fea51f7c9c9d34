"""Linear layers of few outputs on images as they lie: no matrix library, no turning.

A product with ten rows keeps a matrix library busy with packing. Here each example's
pixels are read once, whole registers at a time, for all outputs.

Layout: inputs (examples, features), examples side by side; outputs batch last.
"""

from functools import cache

from handgrad.engine.kernels.entry import Entry, address_of, floats, integer
from handgrad.engine.kernels.registers import LANES, VECTOR_BYTES
from handgrad.engine.kernels.vector import dots_block, taps_block

EXAMPLES = 4  # at once


@cache
def forward_entry(outs: int) -> Entry:
    """outputs[k, n] = sum of weight[k] * inputs[n]; `outs` outputs at once.

    Stands for
        the product in Linear.forward

    Arguments
        0 weight, 3 inputs, 6 outputs, 9 offsets of examples, 12 one row (two zeros)
        15 blocks of outputs, 16 features, 17 examples, 18 stride of outputs

    Cost
        2 * outputs * features operations an example; weights stay in the first cache
    """

    def skinny_forward_entry(arguments: int, tile: int, worker: int) -> None:
        weight = address_of(arguments, 0, tile, worker)
        inputs = address_of(arguments, 3, tile, worker)
        out = address_of(arguments, 6, tile, worker)
        offsets = address_of(arguments, 9, tile, worker)
        row = address_of(arguments, 12, tile, worker)
        blocks, features = integer(arguments, 15), integer(arguments, 16)
        examples, stride = integer(arguments, 17), integer(arguments, 18)
        size = blocks * outs
        outputs = floats(arguments, 6, tile, worker, (size - 1) * stride + examples)
        for k in range(size):
            outputs[k * stride : k * stride + examples] = 0
        for first in range(0, examples, EXAMPLES):
            for block in range(blocks):
                dots_block(
                    outs,
                    EXAMPLES,
                    weight + 4 * block * outs * features,
                    4 * features,
                    inputs + 4 * first * features,
                    offsets,
                    row,
                    1,
                    features // LANES,
                    out + 4 * (block * outs * stride + first),
                    4 * stride,
                )

    return Entry(skinny_forward_entry)


@cache
def weight_gradient_entry(outs: int) -> Entry:
    """d_weight[k, columns] = sum over examples of d_outputs[k, n] * inputs[n, columns].

    Stands for
        d_weight of Linear.backward, some columns of it

    Arguments
        0 d_outputs, 3 inputs (first column), 6 d_weight, 9 scratch (examples * outs),
        12 one tap (two zeros), 15 zeros (outs floats)
        18 examples, 19 stride of d_outputs, 20 features, 21 columns, 22 stride of
        d_weight
    """

    def skinny_gradient_entry(arguments: int, tile: int, worker: int) -> None:
        inputs = address_of(arguments, 3, tile, worker)
        d_weight = address_of(arguments, 6, tile, worker)
        turned = address_of(arguments, 9, tile, worker)
        tap = address_of(arguments, 12, tile, worker)
        zeros = address_of(arguments, 15, tile, worker)
        examples, d_stride = integer(arguments, 18), integer(arguments, 19)
        features, columns = integer(arguments, 20), integer(arguments, 21)
        stride = integer(arguments, 22)
        d_outputs = floats(arguments, 0, tile, worker, (outs - 1) * d_stride + examples)
        scratch = floats(arguments, 9, tile, worker, examples * outs)
        for k in range(outs):
            for n in range(examples):
                scratch[n * outs + k] = d_outputs[k * d_stride + n]
        for group in range(columns // LANES):
            taps_block(
                outs,
                1,
                inputs + group * VECTOR_BYTES,
                4 * features,
                turned,
                4 * outs,
                tap,
                1,
                examples,
                zeros,
                d_weight + group * VECTOR_BYTES,
                4 * stride,
            )

    return Entry(skinny_gradient_entry)
