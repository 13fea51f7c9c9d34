import numpy as np
import pytest

from handgrad.engine.kernels.sums import split_kernel, sum_kernel

from .run import assert_same, floats, run_entry


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("has_relu", [False, True])
def test_a_sum_of_two_tiles_with_strides_of_their_own(has_relu, in_place):
    body, shortcut = floats(5, 48), floats(5, 32, seed=1)
    outputs = np.full((5, 64), 7, np.float32)
    expected = body[:, :32] + shortcut
    expected = np.maximum(expected, 0) if has_relu else expected
    rest = body[:, 32:].copy()
    kernel = sum_kernel(has_relu=has_relu, in_place=in_place)
    run_entry(kernel, body, shortcut, outputs, 5, 32, 48, 32, 64)
    found = body if in_place else outputs
    assert_same(found[:, :32].copy(), expected)
    assert_same(body[:, 32:].copy(), rest)
    assert (outputs[:, 32:] == 7).all()


@pytest.mark.parametrize("has_relu", [False, True])
def test_both_ways_get_the_gradient_of_the_sum(has_relu):
    d_outputs, outputs = floats(5, 48), floats(5, 32, seed=1)
    copy = np.zeros((5, 64), np.float32)
    expected = d_outputs[:, :32].copy()
    if has_relu:
        expected[outputs <= 0] = 0
    kernel = split_kernel(has_relu=has_relu)
    run_entry(kernel, d_outputs, outputs, copy, 5, 32, 48, 32, 64)
    assert_same(d_outputs[:, :32].copy(), expected)
    assert_same(copy[:, :32].copy(), expected)
    assert (copy[:, 32:] == 0).all()


def test_nan_passes_an_open_gate_and_no_closed_one():
    d_outputs = np.full((1, 32), np.nan, np.float32)
    outputs = np.where(np.arange(32) % 2, 1, 0).astype(np.float32)[None]
    copy = np.zeros((1, 32), np.float32)
    run_entry(split_kernel(has_relu=True), d_outputs, outputs, copy, 1, 32, 32, 32, 32)
    assert np.isnan(copy[0, 1::2]).all()
    assert (copy[0, ::2] == 0).all()


def test_nan_in_a_sum_stays():
    body, shortcut = np.full((1, 32), np.nan, np.float32), floats(1, 32)
    kernel = sum_kernel(has_relu=True, in_place=True)
    run_entry(kernel, body, shortcut, body, 1, 32, 32, 32, 32)
    assert np.isnan(body).all()
