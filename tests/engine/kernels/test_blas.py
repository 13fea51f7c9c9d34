import numpy as np
from numba import njit

from handgrad.engine.kernels.blas import call_sgemm, sgemm_address


@njit
def column_major(function, a, b, c, sizes):
    m, n, k = sizes
    call_sgemm(function, 0, 1, m, n, k, a, m, b, n, c, m)


def test_the_address_is_found_once():
    assert sgemm_address() == sgemm_address() != 0


def test_it_is_column_major_and_overwrites():
    """C = A B^T of whole numbers is exact, whatever C was."""
    a = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
    b = np.asfortranarray(np.arange(12, dtype=np.float32).reshape(4, 3))
    c = np.asfortranarray(np.full((2, 4), np.nan, np.float32))
    addresses = (array.ctypes.data for array in (a, b, c))
    column_major(sgemm_address(), *addresses, (2, 4, 3))
    np.testing.assert_array_equal(c, a @ b.T)
