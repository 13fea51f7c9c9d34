import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.arrays import (
    array_like,
    array_namespace,
    as_pair,
    check_floats,
    memory_address,
    to_numpy,
)
from handgrad.errors import ConfigError

LIBRARIES = [np, torch, array_api_strict]


@pytest.mark.parametrize("xp", LIBRARIES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_take_the_library_and_dtype_of_their_reference(xp, dtype):
    reference = xp.zeros(3, dtype=getattr(xp, dtype))
    values = np.array([[1.5, -2.0], [0.0, 4.0]])
    found = array_like(values, reference)
    assert type(found) is type(reference)
    assert found.dtype == reference.dtype
    np.testing.assert_array_equal(to_numpy(found), values)


@pytest.mark.parametrize("xp", LIBRARIES)
def test_numpy_and_back(xp):
    values = np.array([1.0, np.nan, -np.inf])
    found = to_numpy(xp.asarray(values))
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, values)


def test_a_tensor_with_gradients_can_be_read():
    tensor = torch.ones(2, requires_grad=True)
    np.testing.assert_array_equal(to_numpy(tensor), [1.0, 1.0])


def test_a_device_is_kept():
    reference = torch.zeros(1, device="meta")
    assert array_like(np.zeros(2), reference).device.type == "meta"


@pytest.mark.parametrize("xp", LIBRARIES)
def test_a_namespace_computes_in_its_own_library(xp):
    array = xp.asarray([3.0, 4.0])
    found = array_namespace(array).sum(array * array)
    assert type(found) is type(xp.sum(array))
    assert float(found) == 25.0


def test_libraries_do_not_mix():
    with pytest.raises(ConfigError, match="got ndarray and Tensor"):
        array_namespace(np.zeros(1), torch.zeros(1))


@pytest.mark.parametrize("values", [[1.0], 1.0, None])
def test_what_is_no_array_is_named(values):
    with pytest.raises(ConfigError, match=f"got {type(values).__name__}. Convert"):
        array_namespace(values)


def test_floats_are_required():
    for dtype in (np.float32, np.float64):
        check_floats("This", np.zeros(1, dtype))
    for dtype in (np.uint8, np.int64, np.bool_, np.complex64):
        with pytest.raises(ConfigError, match="This computes in float32"):
            check_floats("This", np.zeros(1, dtype))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, (3, 3)), ((2, 5), (2, 5)), ([2, 5], (2, 5)), (0, (0, 0))],
)
def test_a_number_is_read_as_a_pair(value, expected):
    assert as_pair(value) == expected


def test_an_address_is_that_of_the_first_number():
    array = np.arange(12.0)
    assert memory_address(array[3:]) == array.ctypes.data + 24
    assert memory_address(array[:0]) == array.ctypes.data
