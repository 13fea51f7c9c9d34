"""The tables, followed by hand, cut a padded picture into windows and squares."""

import numpy as np
import pytest

from handgrad.engine.kernels.winograd_transforms import ALL, NONE, OUTPUTS, POINTS
from handgrad.engine.lowering.winograd_tiles import Windows

TILE = 2
PIXEL = 4 * TILE
CASES = {"even": ((8, 8), (1, 1)), "odd": ((7, 5), (1, 1)), "bare": ((3, 9), (0, 0))}
CASES["wide"] = ((4, 3), (2, 1))


@pytest.fixture(params=CASES)
def case(request):
    size, padding = CASES[request.param]
    out_size = tuple(n + 2 * p - 2 for n, p in zip(size, padding, strict=True))
    return Windows(size, out_size, padding, TILE)


def square(flat, size, offset, masks, side):
    """What a masked reader sees of a picture (height, width, tile)."""
    seen = np.zeros((side, side, TILE))
    for i in range(side):
        for j in range(side):
            assert masks[i * side + j] in (ALL, NONE)
            if masks[i * side + j] == ALL:
                start = (offset + (i * size[1] + j) * PIXEL) // 4
                assert 0 <= start <= len(flat) - TILE
                seen[i, j] = flat[start : start + TILE]
    return seen


def corners(windows):
    high, wide = windows.out_size
    return [(i, j) for i in range(0, high, OUTPUTS) for j in range(0, wide, OUTPUTS)]


def test_windows_of_the_padded_inputs(case):
    high, wide = case.size
    picture = np.arange(1.0, high * wide * TILE + 1).reshape(high, wide, TILE)
    (top, left), margin = case.padding, POINTS
    padded = np.pad(picture, [(top, top + margin), (left, left + margin), (0, 0)])
    places = case.inputs(panel_bytes=100)
    rows, masks = places.arrays()
    assert len(rows) == case.count == len(corners(case))
    for number, (i, j) in enumerate(corners(case)):
        source, target, mask, other = rows[number]
        seen = square(picture.ravel(), case.size, source, masks[mask // 2 :], POINTS)
        np.testing.assert_array_equal(seen, padded[i : i + POINTS, j : j + POINTS])
        assert (target, other) == (100 * number, 0)
    np.testing.assert_array_equal(masks[: POINTS * POINTS], ALL)


def test_squares_of_the_outputs_are_written_once_and_read_again(case):
    high, wide = case.out_size
    picture = np.arange(1.0, high * wide * TILE + 1).reshape(high, wide, TILE)
    padded = np.pad(picture, [(0, OUTPUTS), (0, OUTPUTS), (0, 0)])
    writing, reading = case.outputs(64), case.d_outputs(64)
    (rows, masks), (back, back_masks) = writing.arrays(), reading.arrays()
    np.testing.assert_array_equal(masks, back_masks)
    np.testing.assert_array_equal(rows[:, [1, 0, 3, 2]], back)
    written = 0
    for number, (i, j) in enumerate(corners(case)):
        assert rows[number, 0] == 64 * number
        part = masks[rows[number, 3] // 2 :]
        seen = square(picture.ravel(), case.out_size, rows[number, 1], part, OUTPUTS)
        np.testing.assert_array_equal(seen, padded[i : i + OUTPUTS, j : j + OUTPUTS])
        written += np.count_nonzero(seen)
    assert written == picture.size


def test_strides_of_an_image(case):
    assert case.strides((5, 7)) == (5 * 7 * PIXEL, 7 * PIXEL, PIXEL)
