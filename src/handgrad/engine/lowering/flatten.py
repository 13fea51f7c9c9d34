"""Flatten: another shape, and a matrix where the next layer reads one."""

from handgrad.engine.kernels.activations import IDENTITY
from handgrad.engine.lowering.activation import activate
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory import Tensor


def lower_flatten(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Copy only where a linear layer reads a matrix and the inputs are none."""
    shape = inputs.shape
    is_matrix = inputs.is_batch_first or inputs.stride != lowering.memory.tile
    outputs = inputs
    if node.feeds_matrix and not is_matrix:
        outputs = activate(lowering, node, inputs, IDENTITY, name=node.name)
    lowering.add_backward(lambda d_outputs: d_outputs.reshaped(shape))
    return outputs.reshaped((inputs.rows,))
