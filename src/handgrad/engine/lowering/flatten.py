"""Flatten: another shape, and a matrix where the next layer reads one."""

from handgrad.engine.lowering.copies import as_matrix
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory_plan import Tensor


def lower_flatten(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Copy only where a linear layer reads a matrix and the inputs are none."""
    shape, outputs = inputs.shape, inputs
    if node.feeds_matrix and not inputs.is_batch_first:
        outputs = as_matrix(lowering, node.name, inputs)
    lowering.add_backward(lambda d_outputs: d_outputs.reshaped(shape))
    return outputs.reshaped((inputs.rows,))
