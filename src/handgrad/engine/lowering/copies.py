"""Copies into another layout: of a tile's activations, or of a parameter."""

from handgrad.arrays import NumpyArray
from handgrad.engine.kernels import activations
from handgrad.engine.kernels.convolution import pack
from handgrad.engine.kernels.rows import transpose_matrix
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.memory_plan import NOWHERE, Pointer, Tensor, pointer_to
from handgrad.engine.operation import Operation


def as_dense(lowering: Lowering, name: str, values: Tensor) -> Tensor:
    """These values as a tile's own tensor; copied only from a batch's matrix."""
    if values.stride == lowering.memory.tile:
        return values
    target = lowering.memory.dense(name, "gradients", values.shape)
    return _copied(lowering, name, values, target)


def as_matrix(lowering: Lowering, name: str, values: Tensor) -> Tensor:
    """These values in a batch's matrix; copied only from a tile's own tensor."""
    is_whole = values.stride != lowering.memory.tile
    return values if is_whole else matrix_copy(lowering, name, values)


def matrix_copy(lowering: Lowering, name: str, values: Tensor) -> Tensor:
    """A copy of these values in a matrix of the whole batch."""
    target = lowering.memory.matrix(name, "activations", values.shape)
    return _copied(lowering, name, values, target)


def _copied(lowering: Lowering, name: str, values: Tensor, target: Tensor) -> Tensor:
    memory, rows = lowering.memory, values.rows
    no_slope = pointer_to(memory.array(f"{name} slope", "settings", 1))
    lowering.add(
        activations.forward_kernel(
            activations.IDENTITY, has_bias=False, in_place=False
        ),
        f"{name} copied",
        inputs=values.pointer,
        bias=NOWHERE,
        outputs=target.pointer,
        slope=no_slope,
        rows=rows,
        columns=memory.tile,
        stride=values.stride,
        out_stride=target.stride,
    )
    return target


def batch_last(lowering: Lowering, logits: Tensor) -> Tensor:
    """Logits batch last, as losses read them; their gradient an example a row."""
    memory, tile = lowering.memory, lowering.memory.tile
    outputs = memory.matrix("logits", "activations", logits.shape)
    lowering.add(
        transpose_matrix,
        "logits, batch last",
        source=logits.pointer,
        target=outputs.pointer,
        rows=tile,
        columns=logits.rows,
        stride=logits.stride,
        out_stride=outputs.stride,
    )

    def backward(d_outputs: Tensor) -> Tensor:
        d_rows = memory.rows_matrix("d_logits", "gradients", logits.shape)
        lowering.add(
            transpose_matrix,
            "d_logits, an example a row",
            source=d_outputs.pointer,
            target=d_rows.pointer,
            rows=logits.rows,
            columns=tile,
            stride=d_outputs.stride,
            out_stride=d_rows.stride,
        )
        return d_rows

    lowering.add_backward(backward)
    return outputs


def packing(
    lowering: Lowering,
    full: str,
    packed: Pointer,
    order: NumpyArray,
    what: str = "packed",
) -> Operation:
    """A parameter by its full name, copied in the order of a table; -1 is zero."""
    return Operation(
        pack,
        f"{full} {what}",
        weight=lowering.store.pointer(full),
        packed=packed,
        order=lowering.memory.order(order),
        size=order.size,
    )
