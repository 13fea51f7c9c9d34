import numpy as np

from handgrad.engine.kernels import convolution

from .run import floats, run_entry, run_python


def test_weights_are_laid_out_and_holes_are_zero():
    weight, order = floats(5), np.array([3, -1, 0, 0, 4], np.int32)
    expected = np.array([weight[3], 0, weight[0], weight[0], weight[4]])
    packed = np.full(5, 9, np.float32)
    run_entry(convolution.pack, weight, packed, order, 5)
    np.testing.assert_array_equal(packed, expected)
    packed[:] = 9
    convolution.pack.body(weight, packed, order, 5)
    np.testing.assert_array_equal(packed, expected)


def test_pictures_are_put_inside_a_border():
    pictures, tile = floats(2, 3, 4, 8), 8
    sizes = (2, 3, 4, 7, 6, 2, 1, tile)
    padded = np.zeros((2, 7, 6, tile), np.float32)
    run_entry(convolution.border, pictures, padded, *sizes)
    expected = np.pad(pictures, [(0, 0), (2, 2), (1, 1), (0, 0)])
    np.testing.assert_array_equal(padded, expected)
    again = np.zeros_like(padded).reshape(-1)
    run_python(convolution.border, pictures, again, *sizes)
    np.testing.assert_array_equal(again.reshape(padded.shape), expected)


def test_a_block_is_compiled_once_for_all_geometries():
    assert convolution.taps_kernel(4, 2) is convolution.taps_kernel(4, 2)
    assert convolution.dots_kernel(2, 3) is convolution.dots_kernel(2, 3)
    assert convolution.dots_kernel(2, 3) is not convolution.dots_kernel(3, 2)
