import numpy as np
import pytest

from handgrad.layers import Linear
from handgrad.randomness import Key
from handgrad.testing.trial import (
    Trial,
    as_dtype,
    assert_all_same,
    assert_same,
    give_values,
    named_values,
)


def make():
    return Linear(3, 2, key=Key(0))


def test_a_batch_is_reproducible_and_depends_on_its_name():
    trial = Trial(make, (3,), batch=4, seed=5)
    assert_same(trial.inputs(), trial.inputs(), "inputs")
    assert trial.inputs().shape == (4, 3)
    assert not np.array_equal(trial.inputs(), trial.inputs("others"))
    assert not np.array_equal(trial.inputs(), Trial(make, (3,), 4, seed=6).inputs())


def test_values_are_copies():
    layer = make()
    values = named_values(layer)
    values["weight"] += 1
    assert not np.array_equal(layer.weight.value, values["weight"])
    give_values(layer, values)
    assert_all_same(named_values(layer), values, "values")


def test_dtype_is_that_of_all_values():
    values = named_values(as_dtype(make(), "float64"))
    assert {str(value.dtype) for value in values.values()} == {"float64"}


@pytest.mark.parametrize("other", [np.zeros(2), np.zeros(3, np.float32), np.ones(3)])
def test_assert_same_compares_shape_dtype_and_bits(other):
    with pytest.raises(AssertionError, match="these"):
        assert_same(other, np.zeros(3), "these")


def test_names_must_be_the_same():
    with pytest.raises(AssertionError, match=r"expected \['a'\], got \['b'\]"):
        assert_all_same({"b": np.ones(1)}, {"a": np.ones(1)}, "these")
