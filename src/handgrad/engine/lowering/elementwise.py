"""Activations (with a linear layer's bias), dropout and flatten."""

from typing import Any

import numpy as np

from handgrad.arrays import Pair
from handgrad.engine.kernels import activations
from handgrad.engine.kernels.dropout import dropout_kernel
from handgrad.engine.known import is_known_as, known, layer_key
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.memory import NOWHERE, Pointer, Tensor, pointer_to
from handgrad.layers import GELU, Dropout, LeakyReLU, ReLU, Sigmoid, Tanh
from handgrad.randomness import Key, keep_threshold

IN_PLACE = (
    activations.IDENTITY,
    activations.RELU,
    activations.LEAKY,
    activations.SIGMOID,
    activations.TANH,
)


def kind_of(layer: Any) -> int | None:
    """The kernel's number of an activation; None for any other layer."""
    if is_known_as(layer, GELU):
        is_exact = layer.approximate == "none"
        return activations.GELU if is_exact else activations.GELU_TANH
    kinds: dict[type | None, int] = {
        ReLU: activations.RELU,
        LeakyReLU: activations.LEAKY,
        Sigmoid: activations.SIGMOID,
        Tanh: activations.TANH,
    }
    return kinds.get(known(layer))


def lower_activation(
    lowering: Lowering, name: str, layer: Any, inputs: Tensor, bias: Pointer = NOWHERE
) -> Tensor:
    """outputs = activation(inputs + bias), in place where nobody keeps the inputs."""
    kind = activations.IDENTITY if layer is None else kind_of(layer)
    assert kind is not None
    memory, has_bias = lowering.memory, bias != NOWHERE
    wants_matrix = lowering.feeds_linear() and inputs.stride == memory.tile
    may_overwrite = not memory.is_kept(inputs)
    assert may_overwrite or not has_bias, "a linear layer keeps its inputs only"
    in_place = kind in IN_PLACE and not wants_matrix and may_overwrite
    outputs = inputs if in_place else lowering.outputs(name, inputs.shape)
    kept = outputs if kind in IN_PLACE else inputs
    slope = memory.array(f"{name} slope", "settings", 1)
    slope[0] = getattr(layer, "negative_slope", 0.0)
    rows, columns = inputs.rows, memory.tile
    lowering.add(
        activations.forward_kernel(kind, has_bias=has_bias, in_place=outputs is inputs),
        f"{name} forward",
        inputs=inputs.pointer,
        bias=bias,
        outputs=outputs.pointer,
        slope=pointer_to(slope),
        **_sizes(rows, columns, (inputs.stride, outputs.stride), is_whole=not has_bias),
    )

    def backward(d_outputs: Tensor) -> Tensor:
        if kind == activations.IDENTITY:
            return d_outputs
        lowering.add(
            activations.backward_kernel(kind),
            f"{name} d_inputs",
            d_outputs=d_outputs.pointer,
            kept=kept.pointer,
            slope=pointer_to(slope),
            **_sizes(rows, columns, (d_outputs.stride, kept.stride)),
        )
        return d_outputs

    lowering.add_backward(backward, *([] if layer is None else [kept]))
    return outputs


def _sizes(
    rows: int, columns: int, strides: Pair, *, is_whole: bool = True
) -> dict[str, int]:
    """Of two arrays; as one long row where `is_whole` and nothing lies between rows."""
    if is_whole and strides == (columns, columns):
        rows, columns = 1, rows * columns
        strides = (columns, columns)
    stride, out_stride = strides
    sizes = {"rows": rows, "columns": columns}
    return {**sizes, "stride": stride, "out_stride": out_stride}


def dense(lowering: Lowering, name: str, values: Tensor) -> Tensor:
    """A tile's own tensor of these values; copied only out of a batch's matrix."""
    if values.stride == lowering.memory.tile:
        return values
    target = lowering.memory.dense(name, "gradients", values.shape)
    return _copied(lowering, name, values, target)


def whole(lowering: Lowering, name: str, values: Tensor) -> Tensor:
    """These values in a matrix of the whole batch; copied only out of a tile's own."""
    is_whole = values.stride != lowering.memory.tile
    return values if is_whole else anew(lowering, name, values)


def anew(lowering: Lowering, name: str, values: Tensor) -> Tensor:
    """A copy of these values, in a matrix of the whole batch."""
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


def lower_dropout(
    lowering: Lowering, name: str, layer: Dropout, inputs: Tensor
) -> Tensor:
    """Drop in place; nothing at all when not training."""
    if not lowering.training or layer.rate == 0:
        lowering.add_backward(lambda d_outputs: d_outputs)
        return inputs
    memory = lowering.memory
    draw = memory.array(f"{name} key", "settings", 4, np.int64)
    scale = memory.array(f"{name} scale", "settings", 1)
    scale[0] = 1 / (1 - layer.rate)
    examples = memory.each_worker(f"{name} examples", "scratch", 2 * memory.tile)
    key = layer_key(Key(lowering.seed).child("dropout"), name)
    draw[:2] = key.words
    draw[3] = keep_threshold(layer.rate)

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
    place = memory.rows_matrix if inputs.is_batch_first else None
    outputs = (
        place(name, "activations", inputs.shape)
        if place is not None
        else lowering.outputs(name, inputs.shape)
    )
    return add(inputs, outputs, "forward")
