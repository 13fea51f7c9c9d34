"""The notes that tiles leave, and how they are joined: to the bit in any order of work,
and right for values far from zero."""

import numpy as np
import pytest

from handgrad.engine.kernels import batch_norm

from .run import floats


@pytest.fixture(params=[True, False], ids=["compiled", "python"])
def functions(request):
    """note and join, compiled or as plain Python."""
    pair = (batch_norm.note, batch_norm.join)
    return pair if request.param else tuple(function.py_func for function in pair)


@pytest.mark.parametrize("valid", [(8, 8), (8, 3), (8, 0)])
@pytest.mark.parametrize("level", [0.0, 1000.0])
def test_joined_notes_are_count_mean_and_variance(functions, valid, level):
    note, join = functions
    channels, places, columns = 3, 5, 8
    values = floats(2, channels, places, columns) + np.float32(level)
    notes = np.zeros((2, channels, batch_norm.NOTES))
    for tile, count in enumerate(valid):
        note(
            values[tile].reshape(-1),
            (channels, places, columns, columns),
            *(count, notes[tile].reshape(-1)),
        )
    for channel in range(channels):
        kept = np.concatenate(
            [values[t, channel, :, :count].reshape(-1) for t, count in enumerate(valid)]
        ).astype(np.float64)
        count, mean, variance = join(notes.reshape(-1), 2, channels, channel)
        assert count == kept.size
        assert mean == pytest.approx(kept.mean(), rel=1e-7, abs=1e-6)
        assert variance == pytest.approx(kept.var(), rel=1e-5)
