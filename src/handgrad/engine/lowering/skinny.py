"""Linear layers of few outputs, an image a row: softmax regression."""

import numpy as np

from handgrad.engine import processor
from handgrad.engine.gradient_blocks import add_lane_blocks, bias_sums
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.skinny import forward_kernel, weight_gradient_kernel
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory_plan import FLOAT_BYTES, Tensor
from handgrad.layers import Linear

MOST_OUTPUTS = 12
BLOCKS = 4


def is_skinny(layer: Linear, inputs: Tensor) -> bool:
    """Whether the products have so few rows that their own kernels are faster."""
    fits = layer.out_features <= MOST_OUTPUTS and layer.in_features % LANES == 0
    return fits and inputs.is_batch_first


def lower_skinny(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = weight @ inputs, without the bias; images need no gradient."""
    name, layer = node.name, node.layer
    outputs = lowering.memory.matrix(name, "activations", (layer.out_features,))
    _add_forward(lowering, name, layer, inputs, outputs)

    def backward(d_outputs: Tensor) -> None:
        _add_gradients(lowering, name, layer, inputs, d_outputs)

    lowering.add_backward(backward, inputs)
    return outputs


def _add_forward(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, outputs: Tensor
) -> None:
    memory, features = lowering.memory, layer.in_features
    sizes, examples = forward_blocks()
    outs = next(n for n in sizes if layer.out_features % n == 0)
    steps = np.arange(examples, dtype=np.int64) * features * FLOAT_BYTES
    lowering.add(
        forward_kernel(outs, examples),
        f"{name} forward",
        weight=lowering.store.pointer(f"{name}.weight"),
        inputs=inputs.pointer,
        outputs=outputs.pointer,
        offsets=memory.lookup(f"{name} examples", steps),
        row=memory.lookup(f"{name} row", np.zeros(2, np.int64)),
        blocks=layer.out_features // outs,
        features=features,
        lanes=memory.tile,
        stride=outputs.stride,
    )


def forward_blocks() -> tuple[tuple[int, ...], int]:
    """Outputs at once, the best first, and examples at once."""
    if processor.has_wide_registers():
        return (5, 6, 4, 3, 2, 1), 4
    return (5, 4, 3, 2, 1), 2


def gradients_at_once(outs: int) -> int:
    """Outputs whose gradients the registers hold beside a vector of inputs."""
    if processor.has_wide_registers():
        return outs
    return max(part for part in range(1, 7) if outs % part == 0)


def _add_gradients(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, d_outputs: Tensor
) -> None:
    """Partial sums of the gradients for each tile, while its images are in the cache.

    The images are many times larger than the weight, so workers exchange partial sums
    of its gradient, not images.
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
        transposed=memory.each_worker(f"{name} scratch", "scratch", memory.tile * outs),
        tap=memory.lookup(f"{name} tap", np.zeros(2, np.int64)),
        zeros=memory.shared(f"{name} zeros", "tables", outs),
        lanes=memory.tile,
        d_stride=d_outputs.stride,
        features=features,
        columns=features,
        stride=features,
    )
    add_lane_blocks(lowering, f"{name}.weight", lanes, size, BLOCKS)
    if layer.bias is None:
        return
    sizes = (outs, memory.tile, d_outputs.stride)
    lowering.operations += bias_sums(name, d_outputs.pointer, bias, sizes)
    add_lane_blocks(lowering, f"{name}.bias", bias, outs, 1)
