import numpy as np

from handgrad.layers.example_statistics import normalize_rows, normalize_rows_backward


def test_rows_have_mean_0_and_variance_1():
    rows = np.random.default_rng(0).normal(3, 2, size=(4, 50))
    found = normalize_rows(rows, 1e-12)
    np.testing.assert_allclose(found.normalized.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(found.normalized.var(axis=1), 1, rtol=1e-9)
    np.testing.assert_allclose(found.inverse_std[:, 0], 1 / rows.std(axis=1))


def test_a_row_of_equal_numbers_is_0():
    found = normalize_rows(np.full((1, 5), 7.0), 1e-5)
    np.testing.assert_array_equal(found.normalized, np.zeros((1, 5)))


def test_gradients_are_orthogonal_to_what_normalization_ignores():
    """A shift or, but for eps, a scale of a row changes nothing."""
    rng = np.random.default_rng(0)
    rows, d_normalized = rng.normal(size=(2, 3, 6))
    found = normalize_rows(rows, 1e-12)
    d_rows = normalize_rows_backward(d_normalized, found)
    np.testing.assert_allclose(d_rows.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose((d_rows * rows).sum(axis=1), 0, atol=1e-9)
