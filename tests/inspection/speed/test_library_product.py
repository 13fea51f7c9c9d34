import numpy as np

from engine.kernels.run import run_entry
from handgrad.inspection.speed.library_product import library_product, sgemm_address


def test_the_address_is_found_once():
    assert sgemm_address() == sgemm_address() != 0


def test_it_multiplies_row_by_column_and_overwrites():
    """A product of whole numbers is exact, whatever was there."""
    left = np.arange(9, dtype=np.float32).reshape(3, 3)
    right = np.arange(9, 18, dtype=np.float32).reshape(3, 3)
    outputs = np.full((3, 3), np.nan, np.float32)
    run_entry(library_product, left=left, right=right, outputs=outputs, size=3)
    np.testing.assert_array_equal(outputs, left @ right)
