"""Batch norm: statistics of every tile, a barrier, then the outputs; and backward."""

from typing import Any

import numpy as np

from handgrad.engine.gradient_blocks import add_one_lane
from handgrad.engine.kernels import batch_norm as kernels
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory_plan import (
    FLOAT_BYTES,
    NOWHERE,
    Pointer,
    Tensor,
    pointer_to,
)


def lower_batch_norm(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = weight * normalized inputs + bias, with the ReLU after it, if any."""
    memory, training = lowering.memory, lowering.training
    name, layer, has_relu = node.name, node.layer, node.after is not None
    channels = inputs.shape[0]
    places = inputs.rows // channels
    shown = f"{name} + relu" if has_relu else name
    sizes = {"channels": channels, "places": places, "columns": memory.tile}
    outputs = lowering.outputs(name, inputs.shape, node)
    statistics = memory.each_tile(f"{name} statistics", "activations", 2 * channels)
    notes = NOWHERE
    if training:
        notes = _add_notes(lowering, name, inputs, channels, places)
        lowering.barrier(f"forward to {name}")
    settings = memory.array(f"{name} settings", "settings", 2, np.float64)
    settings[:] = layer.eps, layer.momentum
    lowering.add(
        kernels.forward_kernel(training=training, has_relu=has_relu),
        f"{shown} forward",
        inputs=inputs.pointer,
        notes=notes,
        outputs=outputs.pointer,
        weight=lowering.store.pointer(f"{name}.weight"),
        bias=lowering.store.pointer(f"{name}.bias"),
        running_mean=_buffer(layer.running_mean),
        running_var=_buffer(layer.running_var),
        statistics=statistics,
        settings=pointer_to(settings, f"{name} settings"),
        stride=inputs.stride,
        out_stride=outputs.stride,
        tiles=memory.tiles,
        **sizes,
    )

    def backward(d_outputs: Tensor) -> Tensor:
        sums = memory.each_tile(f"{name} sums", "gradients", 2 * channels)
        gradients = memory.shared(f"d_{name}", "gradients", 2 * channels)
        lowering.add(
            kernels.sums_kernel(has_relu=has_relu),
            f"{shown} sums for d_inputs",
            d_outputs=d_outputs.pointer,
            outputs=outputs.pointer if has_relu else NOWHERE,
            inputs=inputs.pointer,
            statistics=statistics,
            sums=sums,
            stride=inputs.stride,
            d_stride=d_outputs.stride,
            out_stride=outputs.stride,
            **sizes,
        )
        lowering.barrier(f"backward to {name}")
        lowering.add(
            kernels.batch_norm_backward,
            f"{shown} d_inputs",
            block=lowering.inputs,
            d_values=d_outputs.pointer,
            inputs=inputs.pointer,
            statistics=statistics,
            sums=sums.whole(),
            weight=lowering.store.pointer(f"{name}.weight"),
            d_weight=gradients,
            d_bias=gradients.plus(channels * FLOAT_BYTES),
            stride=inputs.stride,
            d_stride=d_outputs.stride,
            tiles=memory.tiles,
            step=sums.tile_stride // FLOAT_BYTES,
            **sizes,
        )
        d_bias = gradients.plus(channels * FLOAT_BYTES)
        add_one_lane(lowering, f"{name}.weight", gradients, channels)
        add_one_lane(lowering, f"{name}.bias", d_bias, channels)
        return d_outputs

    # the derivative of the ReLU is read from the outputs
    lowering.add_backward(backward, inputs, *([outputs] if has_relu else []))
    return outputs


def _add_notes(
    lowering: Lowering, name: str, inputs: Tensor, channels: int, places: int
) -> Pointer:
    """Add the statistics of each tile; returns those of all tiles, from tile 0 on."""
    memory = lowering.memory
    flat = memory.array(
        f"{name} notes",
        "activations",
        kernels.NOTES * channels * memory.tiles,
        np.float64,
    )
    everyone = pointer_to(flat, f"{name} notes")
    own = everyone.by_tile(kernels.NOTES * channels * 8)
    lowering.add(
        kernels.batch_norm_notes,
        f"{name} statistics",
        block=lowering.inputs,
        inputs=inputs.pointer,
        notes=own,
        channels=channels,
        places=places,
        columns=memory.tile,
        stride=inputs.stride,
    )
    return everyone


def _buffer(buffer: Any) -> Pointer:
    """The buffer of a running statistic, which is updated in place."""
    buffer.value = np.ascontiguousarray(buffer.value, dtype=np.float32)
    return pointer_to(buffer.value, "running statistics")
