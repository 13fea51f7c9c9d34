"""The last operation of a prediction: copy the logits to the caller's array."""

from numba import carray

from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    TILE,
    Sizes,
    Span,
    reads,
    times,
)
from handgrad.engine.kernels.entry import kernel_entry
from handgrad.engine.kernels.gather import COUNT, HUGE, INPUTS, LOGITS
from handgrad.engine.kernels.machine import float_pointer


@kernel_entry(bytes_moved=times(2, 4, "classes", "lanes"))
def answers(
    block: reads(LONGS, INPUTS),
    logits: reads(
        FLOATS,
        lambda classes, across, along, lanes: Span(
            0, (classes - 1) * across + (lanes - 1) * along + 1, classes * lanes
        ),
    ),
    sizes: Sizes("classes across along lanes"),
    tile: TILE,
):
    """answers[example, k] = logits[k, n], for the examples in the batch.

    `across` and `along` are the strides of classes and of a tile's `lanes` examples.
    """
    classes, across, along, lanes = sizes
    first = tile * lanes
    count = min(lanes, block[COUNT] - first)
    places = carray(float_pointer(block[LOGITS]), (HUGE,))
    for n in range(count):
        for k in range(classes):
            places[(first + n) * classes + k] = logits[k * across + n * along]
