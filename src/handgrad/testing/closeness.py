"""How close two results must be: bounds derived from rounding, never from what passes.

A sum of `terms` products, each rounded, is wrong by about eps * sqrt(terms) times the
size of what is summed (the roundings go either way); four times that is allowed.

Source
    Higham (2002), Accuracy and stability of numerical algorithms, sections 2.6, 3.1.
"""

import numpy as np

from handgrad.arrays import Array, NumpyArray, to_numpy

SAFETY = 4.0


def rounding_bound(terms: int, scale: float, dtype: str = "float32") -> float:
    """Largest difference that rounding may make between two orders of one sum.

    Equations
        bound = 4 * eps * sqrt(terms) * scale      eps of `dtype`

    Units
        terms  numbers in the sum
        scale  absolute size of the largest of them

    Source
        Higham (2002), Accuracy and stability of numerical algorithms, sections 2.6
        and 3.1.
    """
    return float(SAFETY * np.finfo(dtype).eps * np.sqrt(terms) * scale)


def assert_close(actual: Array, expected: Array, terms: int, *, what: str = "") -> None:
    """AssertionError unless all entries agree within the rounding of such a sum.

    The scale is the largest absolute value of `expected`, the precision that of the
    coarser of the two dtypes; `what` begins the message. NaN and infinity must be in
    the same places.

    Shapes
        actual, expected  equal shapes, arrays of any library

    Units
        terms  numbers in the sum that each entry is
    """
    actual, expected = to_numpy(actual), to_numpy(expected)
    if actual.shape != expected.shape:
        raise AssertionError(f"{what} has shape {actual.shape}, not {expected.shape}.")
    dtype = max(actual.dtype, expected.dtype, key=lambda t: np.finfo(t).eps)
    bound = rounding_bound(terms, largest(expected), dtype=str(dtype))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=bound, err_msg=what)


def largest(array: NumpyArray) -> float:
    """The largest finite size in an array, 0 if there is none."""
    sizes = np.abs(array[np.isfinite(array)])
    return float(sizes.max()) if sizes.size else 0.0
