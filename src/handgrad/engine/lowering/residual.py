"""Residual connections: both branches one after the other, and their sum.

Both branches receive the gradient of the sum, so the shortcut gets a copy, made before
the body overwrites it. The inputs are kept until both branches have read them.
"""

from collections.abc import Sequence

from handgrad.engine.kernels.sums import split_kernel, sum_kernel
from handgrad.engine.lowering.lowering import Backward, Lowering, lower_nodes
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory_plan import NOWHERE, Tensor


def lower_residual(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = body(inputs) + shortcut(inputs), with the ReLU after it, if any."""
    memory, name, has_relu = lowering.memory, node.name, node.after is not None
    memory.keep(inputs)
    kept, through_shortcut = inputs, list[Backward]()
    if "shortcut" in node.branches:
        kept, through_shortcut = _branch(lowering, node.branches["shortcut"], inputs)
        memory.keep(kept)
    body, through_body = _branch(lowering, node.branches["body"], inputs)
    in_place = not memory.is_kept(body) and not node.feeds_matrix
    outputs = body if in_place else lowering.outputs(name, body.shape, node)
    _add_sum(lowering, name, body, kept, outputs, has_relu=has_relu)

    def backward(d_outputs: Tensor) -> Tensor | None:
        copy = _add_split(lowering, name, d_outputs, outputs, has_relu=has_relu)
        d_body = lowering.run_backwards(through_body, d_outputs)
        d_kept = lowering.run_backwards(through_shortcut, copy)
        if not node.needs_d_inputs or d_body is None or d_kept is None:
            return None
        d_name, d_inputs = f"d_{name}", d_body
        if memory.is_kept(d_body):
            d_inputs = memory.dense(d_name, "activations", d_body.shape)
        _add_sum(lowering, d_name, d_body, d_kept, d_inputs, has_relu=False)
        return d_inputs.reshaped(inputs.shape)

    lowering.add_backward(backward, *([outputs] if has_relu else []))
    return outputs


def _branch(
    lowering: Lowering, nodes: Sequence[Node], inputs: Tensor
) -> tuple[Tensor, list[Backward]]:
    """The outputs of one branch, and its backward passes, which follow the sum's."""
    before, lowering.backwards = lowering.backwards, []
    outputs = lower_nodes(lowering, nodes, inputs)
    own, lowering.backwards = lowering.backwards, before
    return outputs, own


def _add_sum(
    lowering: Lowering,
    name: str,
    body: Tensor,
    kept: Tensor,
    outputs: Tensor,
    *,
    has_relu: bool,
) -> None:
    """The sum of two tensors; `outputs` may be the first one itself."""
    in_place = outputs is body
    lowering.add(
        sum_kernel(has_relu=has_relu, in_place=in_place),
        f"{name} sum + relu" if has_relu else f"{name} sum",
        body=body.pointer,
        shortcut=kept.pointer,
        outputs=NOWHERE if in_place else outputs.pointer,
        rows=body.rows,
        columns=lowering.memory.tile,
        stride=body.stride,
        other_stride=kept.stride,
        out_stride=outputs.stride,
    )


def _add_split(
    lowering: Lowering,
    name: str,
    d_outputs: Tensor,
    outputs: Tensor,
    *,
    has_relu: bool,
) -> Tensor:
    """A copy of the sum's gradient for the shortcut."""
    memory = lowering.memory
    copy = memory.dense(f"d_{name} shortcut", "gradients", outputs.shape)
    lowering.add(
        split_kernel(has_relu=has_relu),
        f"{name} gradients of both branches",
        d_outputs=d_outputs.pointer,
        outputs=outputs.pointer if has_relu else NOWHERE,
        copy=copy.pointer,
        rows=outputs.rows,
        columns=memory.tile,
        stride=d_outputs.stride,
        out_stride=outputs.stride,
        copy_stride=copy.stride,
    )
    return copy
