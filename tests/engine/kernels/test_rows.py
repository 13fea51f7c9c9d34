import numpy as np
import pytest

from handgrad.engine.kernels import rows
from handgrad.testing.closeness import assert_close

from .run import floats, run_entry

SIZES = [(1, 16, 1), (8, 48, 3), (9, 64, 40), (21, 112, 100)]  # rows, columns, count


@pytest.mark.parametrize(("count_rows", "columns", "inner"), SIZES)
def test_a_product_of_numbers_and_rows(count_rows, columns, inner):
    left, right = floats(count_rows, inner + 5), floats(inner, columns + 16, seed=1)
    outputs = np.full((count_rows, columns + 3), 7, np.float32)
    run_entry(
        rows.rows_product_entry,
        *(left, right, outputs, 4 * (inner + 5), 4, 4 * (columns + 16)),
        *(4 * rows.WIDTH, 4 * (columns + 3), count_rows, columns, inner),
    )
    expected = left[:, :inner].astype(np.float64) @ right[:, :columns]
    assert_close(outputs[:, :columns], expected, inner)
    np.testing.assert_array_equal(outputs[:, columns:], 7)


def test_the_left_side_may_be_turned():
    left, right = floats(30, 12), floats(30, 16, seed=1)
    outputs = np.zeros((12, 16), np.float32)
    run_entry(
        rows.rows_product_entry,
        *(left, right, outputs, 4, 4 * 12, 4 * 16, 4 * rows.WIDTH, 4 * 16),
        *(12, 16, 30),
    )
    assert_close(outputs, left.T.astype(np.float64) @ right, 30)


@pytest.mark.parametrize("outs", [1, 16, 47, 48, 50, 112])
def test_panels_hold_the_turned_weight(outs):
    inputs = 32
    weight = floats(outs, inputs)
    count = -(-outs // rows.WIDTH)
    panels = np.zeros((count, inputs, rows.WIDTH), np.float32)
    run_entry(rows.panels_entry, weight, panels, outs, inputs)
    turned = panels.transpose(1, 0, 2).reshape(inputs, -1)
    np.testing.assert_array_equal(turned[:, :outs], weight.T)
    assert not turned[:, outs:].any()


@pytest.mark.parametrize("inputs", [16, 48, 80])
def test_copied_panels_hold_the_weight(inputs):
    weight = floats(5, inputs)
    panels = np.zeros((-(-inputs // rows.WIDTH), 5, rows.WIDTH), np.float32)
    run_entry(rows.copied_panels_entry, weight, panels, 5, inputs)
    flat = panels.transpose(1, 0, 2).reshape(5, -1)
    np.testing.assert_array_equal(flat[:, :inputs], weight)
    assert not flat[:, inputs:].any()


def test_column_sums_replace_what_stands_there():
    values, sums = floats(9, 20), floats(13)
    run_entry(rows.column_sums_entry, values, sums, 9, 13, 20)
    assert_close(sums, values[:, :13].astype(np.float64).sum(axis=0), 9)
    plain = np.ones(13, np.float32)
    rows.add_column_sums.py_func(values.reshape(-1), plain, 9, 13, 20)
    np.testing.assert_array_equal(plain, sums)


def test_turning_a_matrix():
    source, target = floats(4, 9), np.zeros((6, 7), np.float32)
    run_entry(rows.turn_entry, source, target, 4, 6, 9, 7)
    np.testing.assert_array_equal(target[:, :4], source[:, :6].T)
    assert not target[:, 4:].any()
