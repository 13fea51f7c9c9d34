"""The last operation of a prediction: logits to where the caller wants them."""

from numba import carray

from handgrad.engine.kernels.entry import Entry, floats, integer, longs
from handgrad.engine.kernels.gather import COUNT, HUGE, INPUTS, LOGITS
from handgrad.engine.kernels.machine import float_pointer


def _answers_entry(arguments: int, tile: int, worker: int) -> None:
    """answers[example, k] = logits[k, n], for the examples that a batch has.

    Arguments
        0 inputs block, 3 logits
        6 classes, 7 stride of classes, 8 stride of examples, 9 examples in a tile
    """
    block = longs(arguments, 0, tile, worker, INPUTS)
    classes, across = integer(arguments, 6), integer(arguments, 7)
    along, examples = integer(arguments, 8), integer(arguments, 9)
    size = (classes - 1) * across + (examples - 1) * along + 1
    logits = floats(arguments, 3, tile, worker, size)
    first = tile * examples
    count = min(examples, block[COUNT] - first)
    answers = carray(float_pointer(block[LOGITS]), (HUGE,))
    for n in range(count):
        for k in range(classes):
            answers[(first + n) * classes + k] = logits[k * across + n * along]


answers_entry = Entry(_answers_entry)
