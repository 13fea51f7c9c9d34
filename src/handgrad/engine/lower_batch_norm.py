"""Batch norm: notes of every tile, a meeting, then each tile goes on; and back."""

from typing import Any

import numpy as np

from handgrad.engine.kernels.batch_norm import (
    NOTES,
    backward_entry,
    blame_entry,
    forward_entry,
    note_entry,
)
from handgrad.engine.lowering import Lowering
from handgrad.engine.memory import FLOAT_BYTES, NOWHERE, Pointer, Tensor, pointer_to
from handgrad.engine.pieces import Piece
from handgrad.layers import BatchNorm1d, BatchNorm2d


def lower_batch_norm(
    lowering: Lowering,
    name: str,
    layer: BatchNorm1d | BatchNorm2d,
    inputs: Tensor,
    *,
    has_relu: bool,
) -> Tensor:
    """weight * standardised + bias, with the ReLU after it where there is one."""
    memory, training = lowering.memory, lowering.training
    channels = inputs.shape[0]
    places = inputs.rows // channels
    shown = f"{name} + relu" if has_relu else name
    size = inputs.rows * memory.tile
    outputs = lowering.outputs(name, inputs.shape)
    statistics = memory.each_tile(f"{name} statistics", "activations", 2 * channels)
    notes = NOWHERE
    if training:
        notes = _add_notes(lowering, name, inputs, channels, places)
        lowering.meet(f"forward to {name}")
    settings = memory.array(f"{name} settings", "settings", 2, np.float64)
    settings[:] = layer.eps, layer.momentum
    lowering.add(
        forward_entry(training=training, has_relu=has_relu),
        (
            lowering.inputs,
            inputs.pointer,
            notes,
            outputs.pointer,
            lowering.store.pointer(f"{name}.weight"),
            lowering.store.pointer(f"{name}.bias"),
            _buffer(layer.running_mean),
            _buffer(layer.running_var),
            statistics,
            pointer_to(settings),
            channels,
            places,
            memory.tile,
            inputs.stride,
            outputs.stride,
            memory.tiles,
        ),
        f"{shown} forward",
        4 * size,
        8 * size,
    )

    def backward(d_outputs: Tensor) -> Tensor:
        strides = (d_outputs.stride, outputs.stride, inputs.stride)
        sums = memory.each_tile(f"{name} sums", "gradients", 2 * channels)
        gradients = memory.shared(f"d_{name}", "gradients", 2 * channels)
        lowering.add(
            blame_entry(has_relu=has_relu),
            (
                d_outputs.pointer,
                outputs.pointer if has_relu else NOWHERE,
                inputs.pointer,
                statistics,
                sums,
                channels,
                places,
                memory.tile,
                *strides,
            ),
            f"{shown} sums of blame",
            4 * size,
            16 * size,
        )
        lowering.meet(f"backward to {name}")
        lowering.add(
            backward_entry,
            (
                lowering.inputs,
                d_outputs.pointer,
                inputs.pointer,
                statistics,
                sums.whole(),
                lowering.store.pointer(f"{name}.weight"),
                gradients,
                gradients.plus(channels * FLOAT_BYTES),
                channels,
                places,
                memory.tile,
                d_outputs.stride,
                inputs.stride,
                memory.tiles,
                sums.tile_stride // FLOAT_BYTES,
            ),
            f"{shown} d_inputs",
            6 * size,
            12 * size,
        )
        _add_pieces(lowering, name, channels, gradients)
        return d_outputs

    # the ReLU's slope is read from the outputs
    lowering.add_backward(backward, inputs, *([outputs] if has_relu else []))
    return outputs


def _add_notes(
    lowering: Lowering, name: str, inputs: Tensor, channels: int, places: int
) -> Pointer:
    """Each tile's notes side by side; returns where tile 0's stand, for all to read."""
    memory = lowering.memory
    flat = memory.array(
        f"{name} notes", "activations", NOTES * channels * memory.tiles, np.float64
    )
    everyone = pointer_to(flat)
    own = everyone.by_tile(NOTES * channels * 8)
    lowering.add(
        note_entry,
        (
            lowering.inputs,
            inputs.pointer,
            own,
            channels,
            places,
            memory.tile,
            inputs.stride,
        ),
        f"{name} statistics",
        3 * inputs.rows * memory.tile,
        4 * inputs.rows * memory.tile,
    )
    return everyone


def _add_pieces(
    lowering: Lowering, name: str, channels: int, gradients: Pointer
) -> None:
    for number, parameter in enumerate(("weight", "bias")):
        lowering.pieces.append(
            Piece(
                f"{name}.{parameter}",
                0,
                1,
                channels,
                channels,
                lanes=gradients.plus(number * channels * FLOAT_BYTES),
                lane_stride=channels,
                lane_count=1,
                cost=channels,
            )
        )


def _buffer(buffer: Any) -> Pointer:
    """A running statistic where it stands; it is written in place from now on."""
    buffer.value = np.ascontiguousarray(buffer.value, dtype=np.float32)
    return pointer_to(buffer.value)
