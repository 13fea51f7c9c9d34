import numpy as np
import pytest
from numba import njit

from handgrad.engine.kernels.blas import call_sgemm, sgemm_address


@njit
def column_major(function, a, b, c, sizes, alpha, beta):
    m, n, k = sizes
    call_sgemm(function, 0, 1, m, n, k, alpha, a, m, b, n, beta, c, m)


def test_the_address_is_found_once():
    assert sgemm_address() == sgemm_address() != 0


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.0), (2.0, 0.0), (1.0, 3.0)])
def test_it_speaks_column_major(alpha, beta):
    """C = alpha * A B^T + beta * C of whole numbers is exact."""
    a = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
    b = np.asfortranarray(np.arange(12, dtype=np.float32).reshape(4, 3))
    c = np.asfortranarray(np.ones((2, 4), np.float32))
    column_major(
        sgemm_address(),
        *(array.ctypes.data for array in (a, b, c)),
        *((2, 4, 3), np.float32(alpha), np.float32(beta)),
    )
    np.testing.assert_array_equal(c, alpha * (a @ b.T) + beta)


def test_beta_0_forgets_what_stood_there():
    a, c = np.ones((1, 1), np.float32), np.full((1, 1), np.nan, np.float32)
    column_major(
        sgemm_address(),
        *(array.ctypes.data for array in (a, a, c)),
        *((1, 1, 1), np.float32(1), np.float32(0)),
    )
    assert c[0, 0] == 1
