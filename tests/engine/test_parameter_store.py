import numpy as np
import pytest

from handgrad.engine.parameter_store import ParameterStore, aligned, flat_states
from handgrad.optimizers import SGD, Adam
from handgrad.parameter import Buffer, Parameter


def pair():
    return {
        "weight": Parameter(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "bias": Parameter(np.full(2, 7, np.float32)),
    }


def test_parameters_become_views_of_one_buffer():
    parameters = {
        "weight": Parameter(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "bias": Parameter(np.full(2, 7, np.float32)),
    }
    store = ParameterStore(parameters)
    np.testing.assert_array_equal(parameters["weight"].value, [[0, 1, 2], [3, 4, 5]])
    assert store.size == 32
    assert store.offsets == {"weight": 0, "bias": 16}
    store.values[17] = 9
    np.testing.assert_array_equal(parameters["bias"].value, [7, 9])
    assert store.pointer("bias").base == parameters["bias"].value.ctypes.data
    other = aligned(store.size)
    assert store.pointer("bias", other).base == other.ctypes.data + 64
    assert store.view(other, "weight").shape == (2, 3)


@pytest.mark.parametrize("size", [1, 15, 1000])
def test_aligned_zeros_begin_on_a_cache_line(size):
    array = aligned(size)
    assert array.ctypes.data % 64 == 0
    assert array.shape == (size,)
    assert not array.any()


def test_what_is_assigned_is_copied_as_float32_and_the_original_left_alone():
    store = ParameterStore(pair(), {"mean": Buffer(np.ones(3, np.float32))})
    places = {name: array.value for name, array in store.arrays.items()}
    for name, dtype in (("weight", np.float64), ("bias", np.int64), ("mean", "f4")):
        given = np.full(places[name].shape, 3, dtype)
        store.arrays[name].value = given
        store.take_over()
        assert store.arrays[name].value is places[name]
        np.testing.assert_array_equal(places[name], 3)
        places[name] += 1
        np.testing.assert_array_equal(given, 3)


def test_it_fits_until_a_shape_changes():
    store = ParameterStore(pair())
    store.parameters["bias"].value = np.zeros(2)
    assert store.fits()
    store.parameters["bias"].value = np.zeros(3)
    assert not store.fits()


def test_states_are_kept_where_name_and_shape_fit():
    store = ParameterStore(pair())
    before = {
        "weight": {"mean": np.full((2, 3), 5.0), "velocity": np.full((2, 3), 9.0)},
        "bias": {"mean": np.full(4, 5.0)},
        "gone": {"mean": np.ones(2)},
    }
    flats = flat_states(Adam(0.1), store, before)
    assert list(flats) == ["mean", "mean_square"]
    np.testing.assert_array_equal(store.view(flats["mean"], "weight"), 5)
    np.testing.assert_array_equal(store.view(flats["mean"], "bias"), 0)
    assert not flats["mean_square"].any()
    assert flat_states(SGD(0.1), store, before) == {}
