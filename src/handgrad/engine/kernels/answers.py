"""The last operation of a prediction: logits to where the caller wants them."""

from numba import carray

from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    SIZE,
    TILE,
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
    classes: SIZE,
    across: SIZE,
    along: SIZE,
    lanes: SIZE,
    tile: TILE,
):
    """answers[example, k] = logits[k, n], for the examples that a batch has.

    `across` and `along` are the strides of classes and of a tile's `lanes` examples.
    """
    first = tile * lanes
    count = min(lanes, block[COUNT] - first)
    places = carray(float_pointer(block[LOGITS]), (HUGE,))
    for n in range(count):
        for k in range(classes):
            places[(first + n) * classes + k] = logits[k * across + n * along]
