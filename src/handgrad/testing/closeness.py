"""Tolerances for comparing results, derived from rounding error.

A sum of `terms` rounded products has an error of about eps * sqrt(terms) times the size
of its terms, as the rounding errors have random signs; four times that is allowed.

Source
    Higham (2002), Accuracy and stability of numerical algorithms, sections 2.6, 3.1.
"""

from typing import Any

import numpy as np

from handgrad.arrays import Array, NumpyArray, to_numpy

SAFETY = 4.0


def rounding_bound(terms: int, scale: float, dtype: str = "float32") -> float:
    """Tolerance for the rounding error of a sum taken in two different orders.

    Equations
        bound = 4 * eps * sqrt(terms) * scale      eps of `dtype`

    Units
        terms  number of terms in the sum
        scale  largest absolute value of a term

    Source
        Higham (2002), Accuracy and stability of numerical algorithms, sections 2.6
        and 3.1.
    """
    return float(SAFETY * np.finfo(dtype).eps * np.sqrt(terms) * scale)


def assert_close(actual: Array, expected: Array, terms: int, *, what: str = "") -> None:
    """Raise AssertionError unless all entries agree within the rounding of such a sum.

    The scale is the largest absolute value of `expected`, and eps that of the less
    precise dtype; `what` is the start of the message. NaN and infinity must be in the
    same places.

    Shapes
        actual, expected  equal shapes, arrays of any library

    Units
        terms  number of terms summed in each entry
    """
    actual, expected = to_numpy(actual), to_numpy(expected)
    if actual.shape != expected.shape:
        raise AssertionError(
            f"{what}: expected shape {expected.shape}, got {actual.shape}."
        )
    dtype = max(actual.dtype, expected.dtype, key=lambda t: np.finfo(t).eps)
    bound = rounding_bound(terms, largest(expected), dtype=str(dtype))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=bound, err_msg=what)


def largest(array: NumpyArray) -> float:
    """Largest finite absolute value of an array, 0 if there is none."""
    sizes = np.abs(array[np.isfinite(array)])
    return float(sizes.max()) if sizes.size else 0.0


def assert_alike(actual: Array, expected: Array, what: str) -> None:
    """Raise AssertionError unless shape and dtype are the same."""
    assert_equal(tuple(actual.shape), tuple(expected.shape), f"{what}, shape")
    assert_equal(str(actual.dtype), str(expected.dtype), f"{what}, dtype")


def assert_equal(actual: Any, expected: Any, what: str) -> None:
    """Raise AssertionError, stating both values, unless they are equal."""
    if actual != expected:
        raise AssertionError(f"{what}: expected {expected}, got {actual}.")
