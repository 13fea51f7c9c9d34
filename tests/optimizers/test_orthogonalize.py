import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.optimizers.orthogonalize import orthogonalize

SHAPES = [(4, 9), (9, 4), (5, 5), (2, 300), (64, 27)]


def normal(shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def by_definition(matrix):
    """Newton-Schulz iterations, each on the matrix itself."""
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_tall else matrix
    x = x / (np.linalg.norm(x) + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x - 4.7750 * gram @ x + 2.0315 * gram @ gram @ x
    return x.T if is_tall else x


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e6])
def test_equals_the_iterations(shape, scale):
    matrix = scale * normal(shape)
    np.testing.assert_allclose(
        orthogonalize(matrix), by_definition(matrix), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_float32_is_close_and_stays_float32(shape):
    matrix = normal(shape, dtype=np.float32)
    found = orthogonalize(matrix)
    assert found.dtype == np.float32
    expected = by_definition(matrix.astype(np.float64))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_singular_values_come_close_to_one(shape):
    found = np.linalg.svd(orthogonalize(normal(shape)), compute_uv=False)
    assert 0.65 < found.min() <= found.max() < 1.21


@pytest.mark.parametrize("smallest", [1e-1, 1e-2])
def test_small_singular_values_are_raised(smallest):
    left, _, right = np.linalg.svd(normal((20, 50)), full_matrices=False)
    values = np.geomspace(1.0, smallest, 20)
    found = orthogonalize((left * values) @ right)
    raised = np.linalg.svd(found, compute_uv=False)
    assert raised.min() > 0.4
    np.testing.assert_allclose(
        np.diag(left.T @ found @ right.T), by_polynomial(values), atol=1e-9
    )


def by_polynomial(values):
    """What the iterations do to each singular value."""
    x = values / (np.linalg.norm(values) + 1e-7)
    for _ in range(5):
        x = 3.4445 * x - 4.7750 * x**3 + 2.0315 * x**5
    return x


@pytest.mark.parametrize("shape", [(1, 7), (7, 1), (1, 1)])
def test_a_row_or_a_column_is_divided_by_its_norm(shape):
    matrix = normal(shape)
    np.testing.assert_allclose(
        orthogonalize(matrix), matrix / np.linalg.norm(matrix), rtol=1e-6
    )


@pytest.mark.parametrize("shape", [(3, 4), (1, 5), (5, 1)])
def test_zeros_stay_zeros(shape):
    assert not orthogonalize(np.zeros(shape)).any()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("xp", [torch, array_api_strict])
def test_other_array_libraries_give_the_same(xp, shape):
    matrix = normal(shape)
    found = np.asarray(orthogonalize(xp.asarray(matrix)))
    np.testing.assert_allclose(found, orthogonalize(matrix), rtol=0, atol=1e-10)


def test_the_argument_is_not_modified():
    matrix = normal((3, 4))
    before = matrix.copy()
    orthogonalize(matrix)
    np.testing.assert_array_equal(matrix, before)
