import numpy as np
import pytest

from handgrad.engine.kernels import gather
from handgrad.engine.kernels.copy_logits import answers as answers_kernel

from .run import floats, run_entry


@pytest.mark.parametrize("is_batch_first", [False, True])
@pytest.mark.parametrize("count", [1, 8, 13, 16])
def test_logits_go_to_their_examples_and_no_further(is_batch_first, count):
    classes, tile_size = 3, 8
    logits = floats(16, classes)
    answers = np.full((17, classes), 9, np.float32)
    block = np.zeros(gather.INPUTS, np.int64)
    block[gather.LOGITS], block[gather.COUNT] = answers.ctypes.data, count
    for tile in range(2):
        own = np.zeros((10, 5) if is_batch_first else (5, 10), np.float32)
        part = logits[8 * tile : 8 * tile + 8]
        if is_batch_first:
            own[:8, :3], across, along = part, 1, 5
        else:
            own[:3, :8], across, along = part.T, 10, 1
        sizes = (classes, across, along, tile_size)
        run_entry(answers_kernel, block, own, *sizes, tile=tile)
    np.testing.assert_array_equal(answers[:count], logits[:count])
    np.testing.assert_array_equal(answers[count:], 9)
