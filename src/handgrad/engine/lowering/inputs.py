"""The first operations: augment, normalize and lay out the images of a tile."""

from dataclasses import replace
from typing import Any

import numpy as np

from handgrad.arrays import Shape
from handgrad.augmentation.noise import normal_levels
from handgrad.datasets.normalization import Normalization
from handgrad.engine.batch_check import BatchCheck
from handgrad.engine.kernels.gather import gather_first_kernel, gather_last_kernel
from handgrad.engine.kernels.pipeline import pipeline_kernel
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.resample import resample_numbers
from handgrad.engine.kernels.views import views_kernel
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory_plan import (
    FLOAT_BYTES,
    NOWHERE,
    Memory,
    Pointer,
    Tensor,
    pointer_to,
)
from handgrad.engine.network_layers import exact
from handgrad.errors import ConfigError


def gather(lowering: Lowering, first: Node, check: BatchCheck) -> Tensor:
    """Gather a tile's inputs in the layout that the first node that computes reads."""
    memory, tile = lowering.memory, lowering.memory.tile
    shape, dtype = check.input_shape, check.input_dtype
    is_image = len(shape) == 3
    channels, height, width = shape if is_image else (*shape, 1, 1)
    scale = scale_and_shift(memory, check)
    shift = scale.plus(channels * FLOAT_BYTES)
    border = first.row.border
    top, left = border(first.layer) if border else (0, 0)
    tall, wide = height + 2 * top, width + 2 * left
    features = channels * height * width
    arguments: dict[str, Any]
    if first.row.wants_matrix:
        inputs = _image_rows(lowering, shape, features)
        kernel, arguments = gather_first_kernel(dtype), {"stride": inputs.stride}
    else:
        inputs = memory.dense("inputs", "activations", (channels, tall, wide))
        inputs = replace(inputs, has_border=border is not None)
        planes = memory.each_worker("image planes", "scratch", tile * height * width)
        by_planes = width >= LANES and tile % LANES == 0
        kernel = gather_last_kernel(dtype, by_planes=by_planes)
        arguments = {"planes": planes, "tall": tall, "wide": wide}
        arguments |= {"top": top, "left": left}
    has_views = lowering.training and is_image
    pictures, numbers = (
        _views(lowering, shape, dtype) if has_views else (NOWHERE, NOWHERE)
    )
    lowering.add(
        kernel,
        "images, normalized",
        block=lowering.inputs,
        scale=scale,
        offset=shift,
        outputs=inputs.pointer,
        pictures=pictures,
        numbers=numbers,
        viewed=tile if has_views else 0,
        channels=channels,
        height=height,
        width=width,
        lanes=tile,
        **arguments,
    )
    return inputs if is_image else inputs.reshaped(shape)


def _views(lowering: Lowering, shape: Shape, dtype: str) -> tuple[Pointer, Pointer]:
    """A tile's images, augmented, and their numbers from 0 on."""
    memory, steps = lowering.memory, lowering.image_steps
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    floats = -(-size * memory.tile // FLOAT_BYTES)
    pictures = memory.each_worker("images, augmented", "scratch", floats)
    channels, height, width = shape
    arguments: dict[str, Any] = {}
    if steps.region is not None:
        arguments["steps"] = steps
        arguments["words"] = steps.region.bytes // np.dtype(np.int64).itemsize
        arguments["levels"] = memory.lookup("normal levels", normal_levels())
        work = resample_numbers(channels, height, width)
        arguments["work"] = memory.each_worker("cells", "scratch", work)
        floats = -(-2 * size // FLOAT_BYTES)
        arguments["spare"] = memory.each_worker("two images", "scratch", floats)
    lowering.add(
        (pipeline_kernel if arguments else views_kernel)(dtype),
        "augmentation, where a batch has any",
        block=lowering.inputs,
        pictures=pictures,
        channels=channels,
        height=height,
        width=width,
        lanes=memory.tile,
        **arguments,
    )
    return pictures, memory.lookup("numbers", np.arange(memory.tile, dtype=np.int64))


def _image_rows(lowering: Lowering, shape: Shape, features: int) -> Tensor:
    """A buffer for images with an example a row."""
    memory = lowering.memory
    if lowering.by_rows:
        return memory.rows_matrix("inputs", "activations", shape)
    whole = memory.shared("inputs", "activations", memory.capacity * features)
    moved = whole.by_tile(memory.tile * features * FLOAT_BYTES)
    return Tensor(shape, moved, features, is_batch_first=True)


def scale_and_shift(memory: Memory, check: BatchCheck) -> Pointer:
    """Scale and shift of `Normalization.apply`, for the gather kernel."""
    if exact(check.normalization, (Normalization,)) is None:
        raise ConfigError(
            "The CPU engine takes a handgrad.datasets.Normalization, got "
            f"{type(check.normalization).__name__}, whose apply it could not run. Put "
            "its equations into a layer of your own, or use the plain engine."
        )
    channels = check.input_shape[0]
    numbers = memory.array("normalization", "settings", 2 * channels)
    factors, terms = check.normalization.numbers(check.input_dtype)
    numbers[:channels], numbers[channels:] = factors, terms
    return pointer_to(numbers)
