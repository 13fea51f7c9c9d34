"""Dropout; the gradient draws the same mask again."""

import numpy as np

from handgrad.engine.kernels.dropout import dropout_kernel
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory_plan import Tensor, pointer_to
from handgrad.engine.network_layers import layer_key
from handgrad.randomness import Key, keep_threshold


def lower_dropout(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Multiply by the mask; identity when not training."""
    name, rate = node.name, node.layer.rate
    if not lowering.training or rate == 0:
        lowering.add_backward(lambda d_outputs: d_outputs)
        return inputs
    memory = lowering.memory
    draw = memory.array(f"{name} key", "settings", 4, np.int64)
    scale = memory.array(f"{name} scale", "settings", 1)
    scale[0] = 1 / (1 - rate)
    examples = memory.each_worker(f"{name} examples", "scratch", 2 * memory.tile)
    key = layer_key(Key(lowering.seed).child("dropout"), name)
    draw[:2] = key.words
    draw[3] = keep_threshold(rate)

    def set_step(step: int) -> None:
        draw[2] = step

    lowering.per_step.append(set_step)

    def add(values: Tensor, outputs: Tensor, what: str) -> Tensor:
        sizes = (values.rows, memory.tile)
        rows, columns = sizes[::-1] if values.is_batch_first else sizes
        lowering.add(
            dropout_kernel(in_place=values is outputs, by_rows=values.is_batch_first),
            f"{name} {what}",
            block=lowering.inputs,
            values=values.pointer,
            outputs=outputs.pointer,
            draw=pointer_to(draw, f"{name} key"),
            scale=pointer_to(scale, f"{name} scale"),
            examples=examples,
            rows=rows,
            columns=columns,
            stride=values.stride,
            out_stride=outputs.stride,
        )
        return outputs

    lowering.add_backward(lambda d_outputs: add(d_outputs, d_outputs, "d_inputs"))
    # not in place: the layer before may have kept its outputs
    return add(inputs, lowering.outputs(name, inputs.shape, node), "forward")
