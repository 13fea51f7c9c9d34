"""Activations: alone, or fused with the bias of a linear layer."""

from handgrad.engine.kernels import activations
from handgrad.engine.kernels.activations import Activation
from handgrad.engine.lowering.lowering import Lowering, bias_of
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory_plan import NOWHERE, Pointer, Tensor, pointer_to


def lower_activation(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = activation(inputs)."""
    assert node.activation is not None
    return activate(lowering, node, inputs, node.activation, name=node.name)


def lower_bias(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = activation(inputs + bias); only the bias without an activation."""
    bias = bias_of(lowering, node)
    name, activation = f"{node.name} bias", activations.IDENTITY
    if bias is NOWHERE and node.after is None:
        return inputs
    if node.after is not None:
        assert node.after.activation is not None
        name, activation = node.after.name, node.after.activation
    return activate(lowering, node, inputs, activation, name=name, bias=bias)


def activate(
    lowering: Lowering,
    node: Node,
    inputs: Tensor,
    activation: Activation,
    *,
    name: str,
    bias: Pointer = NOWHERE,
) -> Tensor:
    """outputs = activation(inputs + bias), in place unless the inputs are kept."""
    memory, has_bias = lowering.memory, bias != NOWHERE
    by_rows, is_identity = inputs.is_batch_first, activation is activations.IDENTITY
    moves = not by_rows and node.feeds_matrix and inputs.stride == memory.tile
    may_overwrite = not memory.is_kept(inputs)
    assert may_overwrite or not has_bias, "a linear layer keeps its inputs only"
    in_place = may_overwrite and not (activation.keeps_inputs or moves)
    outputs = inputs if in_place else lowering.outputs(name, inputs.shape, node)
    kept = inputs if activation.keeps_inputs else outputs
    slope = memory.array(f"{name} slope", "settings", 1)
    slope[0] = getattr((node.after or node).layer, "negative_slope", 0.0)
    kernel = (
        activations.rows_kernel(activation, has_bias=has_bias, in_place=in_place)
        if by_rows
        else activations.forward_kernel(
            activation, has_bias=has_bias, in_place=in_place
        )
    )
    lowering.add(
        kernel,
        f"{name} forward",
        inputs=inputs.pointer,
        bias=bias,
        outputs=outputs.pointer,
        slope=pointer_to(slope),
        **_sizes(inputs, memory.tile, outputs.stride, is_whole=not has_bias),
    )

    def backward(d_outputs: Tensor) -> Tensor:
        if is_identity:
            return d_outputs
        lowering.add(
            activations.backward_kernel(activation),
            f"{name} d_inputs",
            d_outputs=d_outputs.pointer,
            kept=kept.pointer,
            slope=pointer_to(slope),
            **_sizes(d_outputs, memory.tile, kept.stride),
        )
        return d_outputs

    lowering.add_backward(backward, *([] if is_identity else [kept]))
    return outputs


def _sizes(
    values: Tensor, tile: int, out_stride: int, *, is_whole: bool = True
) -> dict[str, int]:
    """Sizes of two arrays; one long row if `is_whole` and the rows are contiguous."""
    rows, columns, stride = values.rows, tile, values.stride
    if values.is_batch_first:
        rows, columns = columns, rows
    elif is_whole and stride == out_stride == columns:
        rows, columns = 1, rows * columns
        stride = out_stride = columns
    sizes = {"rows": rows, "columns": columns}
    return {**sizes, "stride": stride, "out_stride": out_stride}
