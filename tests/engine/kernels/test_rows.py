import numpy as np
import pytest

from handgrad.engine.kernels import rows
from handgrad.testing.closeness import assert_close

from .run import floats, run_entry, run_python

SIZES = [(1, 16, 1), (8, 48, 3), (9, 64, 40), (21, 112, 100)]  # rows, columns, count


def panels_of(matrix):
    """The columns of a matrix by 48, each panel's rows side by side."""
    inner, columns = matrix.shape
    count = -(-columns // rows.WIDTH)
    whole = np.zeros((inner, count * rows.WIDTH), np.float32)
    whole[:, :columns] = matrix
    return np.ascontiguousarray(
        whole.reshape(inner, count, rows.WIDTH).transpose(1, 0, 2)
    )


@pytest.mark.parametrize("together", [1, 7, 1000])
@pytest.mark.parametrize(("count_rows", "columns", "inner"), SIZES)
def test_a_product_of_numbers_and_rows(count_rows, columns, inner, together):
    left, right = floats(count_rows, inner + 5), floats(inner, columns, seed=1)
    outputs = np.full((count_rows, columns + 3), 7, np.float32)
    run_entry(
        rows.rows_product,
        *(left, panels_of(right), outputs, 4 * (inner + 5), 4 * rows.WIDTH * inner),
        *(4 * (columns + 3), count_rows, columns, inner, together),
    )
    expected = left[:, :inner].astype(np.float64) @ right
    assert_close(outputs[:, :columns], expected, inner)
    np.testing.assert_array_equal(outputs[:, columns:], 7)


def test_how_many_k_at_once_changes_no_bit():
    left, right = floats(9, 40), panels_of(floats(40, 64, seed=1))
    found = []
    for together in (3, 40):
        outputs = np.zeros((9, 64), np.float32)
        sizes = (160, 4 * rows.WIDTH * 40, 256, 9, 64, 40, together)
        run_entry(rows.rows_product, left, right, outputs, *sizes)
        found.append(outputs)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("outs", [1, 8, 11, 24])
@pytest.mark.parametrize(("columns", "count"), [(16, 1), (48, 30), (80, 9)])
@pytest.mark.parametrize("together", [4, 1000])
def test_the_gradient_of_a_weight(outs, columns, count, together):
    wide = outs + 16
    blame, inputs = floats(count, wide), floats(count, columns + 5, seed=1)
    found = np.full((outs, columns + 3), 7, np.float32)
    blocks = -(-outs // rows.ROWS)
    scratch = np.zeros(count * (blocks * rows.ROWS + rows.WIDTH) + 16, np.float32)
    run_entry(
        rows.rows_gradient,
        *(blame, inputs, found, scratch, 4 * wide, 4 * (columns + 5)),
        *(4 * (columns + 3), outs, columns, count, together),
    )
    expected = blame[:, :outs].T.astype(np.float64) @ inputs[:, :columns]
    assert_close(found[:, :columns], expected, count)
    np.testing.assert_array_equal(found[:, columns:], 7)


@pytest.mark.parametrize("outs", [1, 16, 47, 48, 50, 112])
def test_panels_hold_the_turned_weight(outs):
    inputs = 32
    weight = floats(outs, inputs)
    count = -(-outs // rows.WIDTH)
    panels = np.zeros((count, inputs, rows.WIDTH), np.float32)
    run_entry(rows.transpose_panels, weight, panels, outs, inputs)
    transposed = panels.transpose(1, 0, 2).reshape(inputs, -1)
    np.testing.assert_array_equal(transposed[:, :outs], weight.T)
    assert not transposed[:, outs:].any()


@pytest.mark.parametrize("inputs", [16, 48, 80])
def test_copied_panels_hold_the_weight(inputs):
    weight = floats(5, inputs)
    panels = np.zeros((-(-inputs // rows.WIDTH), 5, rows.WIDTH), np.float32)
    run_entry(rows.copy_panels, weight, panels, 5, inputs, 4 * inputs)
    flat = panels.transpose(1, 0, 2).reshape(5, -1)
    np.testing.assert_array_equal(flat[:, :inputs], weight)
    assert not flat[:, inputs:].any()


def test_column_sums_replace_what_stands_there():
    values, sums = floats(9, 20), floats(13)
    run_entry(rows.column_sums, values, sums, 9, 13, 20)
    assert_close(sums, values[:, :13].astype(np.float64).sum(axis=0), 9)
    plain = np.ones(13, np.float32)
    run_python(rows.column_sums, values, plain, 9, 13, 20)
    np.testing.assert_array_equal(plain, sums)


def test_turning_a_matrix():
    source, target = floats(4, 9), np.zeros((6, 7), np.float32)
    run_entry(rows.transpose_matrix, source, target, 4, 6, 9, 7)
    np.testing.assert_array_equal(target[:, :4], source[:, :6].T)
    assert not target[:, 4:].any()
