import numpy as np

from handgrad.engine.kernels import convolution

from .run import floats, run_entry


def test_weights_are_laid_out_and_holes_are_zero():
    weight, order = floats(5), np.array([3, -1, 0, 0, 4], np.int64)
    expected = np.array([weight[3], 0, weight[0], weight[0], weight[4]])
    packed = np.full(5, 9, np.float32)
    run_entry(convolution.pack_entry, weight, packed, order, 5, 5)
    np.testing.assert_array_equal(packed, expected)
    packed[:] = 9
    convolution.pack.py_func(weight, packed, order, 5)
    np.testing.assert_array_equal(packed, expected)


def test_pictures_are_put_inside_a_border_and_taken_out():
    pictures, tile = floats(2, 3, 4, 8), 8
    sizes = (2, 3, 4, 7, 6, 2, 1, tile)
    padded = np.zeros((2, 7, 6, tile), np.float32)
    run_entry(convolution.border_entry, pictures, padded, *sizes, 1)
    expected = np.pad(pictures, [(0, 0), (2, 2), (1, 1), (0, 0)])
    np.testing.assert_array_equal(padded, expected)
    again = np.zeros_like(padded).reshape(-1)
    convolution.place_inside.py_func(pictures.reshape(-1), again, (*sizes, 1))
    np.testing.assert_array_equal(again.reshape(padded.shape), expected)
    out = np.zeros_like(pictures)
    convolution.place_inside(padded.reshape(-1), out.reshape(-1), (*sizes, 0))
    np.testing.assert_array_equal(out, pictures)


def test_a_block_is_compiled_once_for_all_geometries():
    assert convolution.taps_entry(4, 2) is convolution.taps_entry(4, 2)
    assert convolution.dots_entry(2, 3) is convolution.dots_entry(2, 3)
    assert convolution.dots_entry(2, 3) is not convolution.dots_entry(3, 2)
