"""Linear layers of few outputs that read images as they lie: softmax regression."""

import numpy as np

from handgrad.engine import processor
from handgrad.engine.gradient_blocks import add_lane_blocks
from handgrad.engine.kernels.products import clear, row_sums
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.skinny import (
    forward_kernel,
    weight_gradient_kernel,
)
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.memory import FLOAT_BYTES, Tensor, pointer_to
from handgrad.layers import Linear

MOST_OUTPUTS = 12
PIECES = 4


def is_skinny(layer: Linear, inputs: Tensor) -> bool:
    """Whether the layer's products have so few rows that their own kernels win."""
    fits = layer.out_features <= MOST_OUTPUTS and layer.in_features % LANES == 0
    return fits and inputs.is_batch_first


def add_forward(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, outputs: Tensor
) -> None:
    """The product of one tile."""
    memory, features = lowering.memory, layer.in_features
    blocks, examples = forward_blocks()
    outs = next(n for n in blocks if layer.out_features % n == 0)
    offsets = memory.array(f"{name} examples", "tables", examples, np.int64)
    offsets[:] = np.arange(examples) * features * FLOAT_BYTES
    lowering.add(
        forward_kernel(outs, examples),
        f"{name} forward",
        weight=lowering.store.pointer(f"{name}.weight"),
        inputs=inputs.pointer,
        outputs=outputs.pointer,
        offsets=pointer_to(offsets, f"{name} examples"),
        row=memory.lookup(f"{name} row", np.zeros(2, np.int64)),
        blocks=layer.out_features // outs,
        features=features,
        lanes=memory.tile,
        stride=outputs.stride,
    )


def forward_blocks() -> tuple[tuple[int, ...], int]:
    """Outputs at once, what fits best first, and the examples beside them."""
    if processor.has_wide_registers():
        return (5, 6, 4, 3, 2, 1), 4
    return (5, 4, 3, 2, 1), 2


def gradients_at_once(outs: int) -> int:
    """Outputs whose gradients the registers hold beside a vector of inputs."""
    if processor.has_wide_registers():
        return outs
    return max(part for part in range(1, 7) if outs % part == 0)


def add_gradients(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, d_outputs: Tensor
) -> None:
    """Each tile's own share of the gradients, while its images are in the cache.

    The images are many times larger than the weight, so it is the weight's gradient
    that travels between the workers, not the images.
    """
    memory, outs, features = lowering.memory, layer.out_features, layer.in_features
    size = outs * features
    lanes = memory.each_tile(f"{name} lanes", "gradients", size + outs)
    bias = lanes.plus(size * FLOAT_BYTES)
    lowering.add(
        weight_gradient_kernel(outs, gradients_at_once(outs)),
        f"{name} d_weight",
        d_outputs=d_outputs.pointer,
        inputs=inputs.pointer,
        d_weight=lanes,
        turned=memory.each_worker(f"{name} scratch", "scratch", memory.tile * outs),
        tap=memory.lookup(f"{name} tap", np.zeros(2, np.int64)),
        zeros=memory.shared(f"{name} zeros", "tables", outs),
        lanes=memory.tile,
        d_stride=d_outputs.stride,
        features=features,
        columns=features,
        stride=features,
    )
    lowering.add(clear, f"{name} d_bias = 0", values=bias, size=outs)
    lowering.add(
        row_sums,
        f"{name} d_bias",
        values=d_outputs.pointer,
        sums=bias,
        rows=outs,
        columns=memory.tile,
        stride=d_outputs.stride,
    )
    add_lane_blocks(lowering, f"{name}.weight", lanes, size, PIECES)
    add_lane_blocks(lowering, f"{name}.bias", bias, outs, 1)
