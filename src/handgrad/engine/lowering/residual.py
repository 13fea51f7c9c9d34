"""Residual connections: both ways one after the other, and their sum.

Both ways get the gradient of the sum, so the shortcut's is a copy, made before the body
writes over it. The inputs stay as they are until both ways have read them.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from handgrad.engine.kernels.sums import split_kernel, sum_kernel
from handgrad.engine.known import Named, parts_of
from handgrad.engine.lowering.lowering import Backward, Lowering
from handgrad.engine.memory import NOWHERE, Tensor
from handgrad.layers import Residual

LowerLayers: TypeAlias = Callable[[Lowering, Sequence[Named], Tensor], Tensor]


def lower_residual(
    lowering: Lowering,
    name: str,
    layer: Residual,
    inputs: Tensor,
    lower_layers: LowerLayers,
    *,
    has_relu: bool,
) -> Tensor:
    """outputs = body(inputs) + shortcut(inputs), with the ReLU after it, if any."""
    memory, following = lowering.memory, lowering.following
    needs_d_inputs = lowering.needs_d_inputs
    memory.keep(inputs)
    kept, through_shortcut = inputs, list[Backward]()
    if layer.shortcut is not None:
        inner = parts_of(f"{name}.shortcut", layer.shortcut)
        kept, through_shortcut = _way(lowering, inner, inputs, lower_layers)
        memory.keep(kept)
    lowering.needs_d_inputs = needs_d_inputs
    inner = parts_of(f"{name}.body", layer.body)
    body, through_body = _way(lowering, inner, inputs, lower_layers)
    lowering.following = following
    outputs = _add_sum(lowering, name, body, kept, has_relu=has_relu)

    def backward(d_outputs: Tensor) -> Tensor | None:
        copy = _add_split(lowering, name, d_outputs, outputs, has_relu=has_relu)
        d_body = lowering.run_backwards(through_body, d_outputs)
        d_kept = lowering.run_backwards(through_shortcut, copy)
        if not needs_d_inputs or d_body is None or d_kept is None:
            return None
        lowering.following = ()
        d_inputs = _add_sum(lowering, f"d_{name}", d_body, d_kept, has_relu=False)
        return d_inputs.reshaped(inputs.shape)

    lowering.add_backward(backward, *([outputs] if has_relu else []))
    return outputs


def _way(
    lowering: Lowering,
    layers: Sequence[Named],
    inputs: Tensor,
    lower_layers: LowerLayers,
) -> tuple[Tensor, list[Backward]]:
    """The outputs of one way, and its backward passes, which wait for the sum's."""
    before, lowering.backwards = lowering.backwards, []
    outputs = lower_layers(lowering, layers, inputs)
    own, lowering.backwards = lowering.backwards, before
    return outputs, own


def _add_sum(
    lowering: Lowering, name: str, body: Tensor, kept: Tensor, *, has_relu: bool
) -> Tensor:
    """The sum of two tensors, in place of the first one if nobody reads that."""
    memory = lowering.memory
    in_place = not memory.is_kept(body) and not lowering.feeds_linear()
    outputs = body if in_place else lowering.outputs(name, body.shape)
    lowering.add(
        sum_kernel(has_relu=has_relu, in_place=in_place),
        f"{name} sum + relu" if has_relu else f"{name} sum",
        body=body.pointer,
        shortcut=kept.pointer,
        outputs=NOWHERE if in_place else outputs.pointer,
        rows=body.rows,
        columns=memory.tile,
        stride=body.stride,
        other_stride=kept.stride,
        out_stride=outputs.stride,
    )
    return outputs


def _add_split(
    lowering: Lowering,
    name: str,
    d_outputs: Tensor,
    outputs: Tensor,
    *,
    has_relu: bool,
) -> Tensor:
    """The copy of the sum's gradient that goes through the shortcut."""
    memory = lowering.memory
    copy = memory.dense(f"d_{name} shortcut", "gradients", outputs.shape)
    lowering.add(
        split_kernel(has_relu=has_relu),
        f"{name} gradients of both ways",
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
