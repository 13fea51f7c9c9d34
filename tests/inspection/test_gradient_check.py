import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.inspection import LayerValue, LossValue, by_entry, by_projection
from handgrad.inspection.differentiable import Differentiable
from handgrad.inspection.gradient_check import (
    by_array,
    pattern_of,
    relative_error,
    same_pattern,
)
from handgrad.layers import Linear, MaxPool2d, ReLU
from handgrad.losses import MulticlassSVM
from handgrad.randomness import Key, normal

KEY = Key(0).child("gradient check")


class Cubes(Differentiable):
    """value = sum of array**3, with known gradients."""

    def __init__(self, **point):
        self.point = {name: np.asarray(array) for name, array in point.items()}

    def evaluate(self, point):
        return float(sum(np.sum(array**3) for array in point.values())), None

    def gradients(self):
        return {name: 3 * array**2 for name, array in self.point.items()}


class WrongCubes(Cubes):
    """A gradient with a relative error in one entry of one array."""

    fraction = 1e-4

    def gradients(self):
        gradients = super().gradients()
        gradients["b"][1, 2] *= 1 + self.fraction
        return gradients


class Hinge(Differentiable):
    """value = sum of max(array, 0), with the active entries in the cache."""

    def __init__(self, array):
        self.point = {"array": np.asarray(array)}

    def evaluate(self, point):
        is_open = point["array"] > 0
        return float(np.sum(np.where(is_open, point["array"], 0))), {"open": is_open}

    def gradients(self):
        return {"array": (self.point["array"] > 0).astype(float)}


def cubes(kind):
    return kind(a=normal(KEY.child("a"), (4,)), b=1 + normal(KEY.child("b"), (3, 5)))


def test_a_correct_gradient_passes():
    found = by_projection(cubes(Cubes), key=KEY)
    assert found.passed
    assert (found.directions, found.refused, found.wanted) == (20, 0, 20)
    assert 0 < found.max_relative_error < 1e-9


def test_a_relative_error_of_one_in_ten_thousand_fails():
    found = by_projection(cubes(WrongCubes), key=KEY)
    assert not found.passed
    assert found.max_relative_error > 1e-5


def test_single_arrays_can_be_checked():
    wrong = cubes(WrongCubes)
    assert by_projection(wrong, key=KEY, names=["a"]).passed
    assert not by_projection(wrong, key=KEY, names=["b"]).passed


@pytest.mark.parametrize(
    ("names", "said"), [([], "at least one value as names"), (["c"], "named 'c'")]
)
def test_unknown_arrays_are_refused(names, said):
    with pytest.raises(ConfigError, match=said):
        by_projection(cubes(Cubes), key=KEY, names=names)


@pytest.mark.parametrize(
    ("check", "wrong", "said"),
    [
        (by_projection, {"directions": 0}, "directions as an integer of at least 1"),
        (by_projection, {"directions": -3}, "directions as an integer of at least 1"),
        (by_projection, {"directions": 2.5}, "directions as an integer, got 2.5"),
        (by_entry, {"entries": 0}, "entries as an integer of at least 1"),
        (by_entry, {"entries": -1}, "entries as an integer of at least 1"),
        (by_projection, {"eps": 0}, "eps above 0"),
        (by_entry, {"eps": -1e-6}, "eps above 0"),
        (by_projection, {"key": 0}, "key as a Key, got 0"),
        (by_entry, {"key": 0}, "key as a Key, got 0"),
    ],
)
def test_a_check_of_nothing_is_refused(check, wrong, said):
    with pytest.raises(ConfigError, match=said):
        check(cubes(WrongCubes), **{"key": KEY, **wrong})


def test_the_worst_entry_is_named():
    worst = by_entry(cubes(WrongCubes), key=KEY)
    assert (worst.name, worst.index) == ("b", (1, 2))
    assert worst.analytic == pytest.approx(worst.numeric * (1 + 1e-4), rel=1e-6)
    assert str(worst).startswith("b[1, 2]: analytic ")
    assert "relative error" in str(worst)


def test_a_correct_gradient_has_no_bad_entry():
    assert by_entry(cubes(Cubes), key=KEY).relative_error < 1e-8


def test_entries_can_be_limited():
    calls = []

    class Counting(Cubes):
        def evaluate(self, point):
            calls.append(1)
            return super().evaluate(point)

    by_entry(cubes(Counting), key=KEY, entries=2)
    assert len(calls) == 1 + 2 * 2 * 2  # the point; two ends, two arrays, two entries


def test_a_zero_gradient_in_place_of_a_nonzero_one_fails():
    class Forgotten(Cubes):
        def gradients(self):
            return {name: np.zeros_like(value) for name, value in self.point.items()}

    found = by_projection(cubes(Forgotten), key=KEY)
    assert found.max_relative_error == pytest.approx(1.0)


def test_nan_is_not_agreement():
    class NotANumber(Cubes):
        def gradients(self):
            return {name: np.full_like(v, np.nan) for name, v in self.point.items()}

    assert not by_projection(cubes(NotANumber), key=KEY).passed
    assert np.isnan(by_entry(cubes(NotANumber), key=KEY).relative_error)


def test_a_single_nan_is_the_worst_entry():
    class OneNaN(Cubes):
        def gradients(self):
            gradients = super().gradients()
            return {**gradients, "a": np.full_like(gradients["a"], np.nan)}

    worst = by_entry(cubes(OneNaN), key=KEY)  # the array "b" follows, and is right
    assert worst.name == "a"
    assert np.isnan(worst.relative_error)


def test_without_an_entry_that_was_measured_the_error_is_nan():
    worst = by_entry(Hinge([0.0]), key=KEY)
    assert worst.name == ""
    assert np.isnan(worst.relative_error)


def test_a_step_across_a_kink_is_rejected_and_another_drawn():
    # one entry so close to 0 that about half of all directions cross the kink
    found = by_projection(Hinge([0.7e-6, 1.0, -1.0]), key=KEY)
    assert found.passed
    assert found.refused > 0


def test_without_the_cache_a_kink_looks_like_an_error():
    class Blind(Hinge):
        def evaluate(self, point):
            return super().evaluate(point)[0], None

    assert not by_projection(Blind([0.7e-6, 1.0, -1.0]), key=KEY).passed


def test_at_a_kink_every_direction_is_rejected_and_the_check_fails():
    found = by_projection(Hinge([0.0, 1.0]), key=KEY, directions=4)
    # the entry is active at one end of the step and inactive at the other
    assert (found.directions, found.refused, found.passed) == (0, 40, False)


def test_an_entry_at_a_kink_is_skipped():
    worst = by_entry(Hinge([0.0, 1.0, -2.0]), key=KEY)
    assert worst.relative_error < 1e-9


@pytest.mark.parametrize("layer", [ReLU(), MaxPool2d(3, stride=1, padding=1)])
def test_kinks_are_visible_in_the_caches_of_layers(layer):
    inputs = normal(KEY, (2, 2, 6, 6))
    value = LayerValue(layer, inputs, key=KEY)
    here = pattern_of(value.evaluate(value.point)[1])
    there = pattern_of(value.evaluate({"inputs": inputs[:, :, ::-1]})[1])
    assert same_pattern(here, here)
    assert not same_pattern(here, there)


def test_kinks_are_visible_in_the_cache_of_the_hinge_loss():
    logits = np.array([[0.0, -1.0 + 1e-6, 2.0]])  # 1e-6 inside the margin
    value = LossValue(MulticlassSVM(), logits, np.array([0]))
    found = by_projection(value, key=KEY)
    assert found.passed
    assert found.refused > 0


def test_the_pattern_has_signs_maxima_and_masks_but_no_rounding():
    cache = {"a": np.array([1.5, -2.0, 1e-15]), "b": [np.array([True]), np.array([3])]}
    signs, mask, winner = pattern_of((cache, "words", 3, None))
    np.testing.assert_array_equal(signs, [1, -1, 0])
    np.testing.assert_array_equal(mask, [True])
    np.testing.assert_array_equal(winner, [3])


def test_an_array_without_effect_is_scaled_by_the_others():
    class Useless(Cubes):
        def evaluate(self, point):
            return super().evaluate({"a": point["a"]})

        def gradients(self):
            rounding = np.full_like(self.point["b"], 1e-17)
            return {"a": 3 * self.point["a"] ** 2, "b": rounding}

    assert by_projection(cubes(Useless), key=KEY, names=["b"]).passed
    assert by_entry(cubes(Useless), key=KEY).relative_error < 1e-6


def test_the_relative_error_is_the_one_stated():
    assert relative_error(2.0, 1.0, 4.0) == 0.25
    assert relative_error(2.0, 8.0, 4.0) == 0.75
    assert relative_error(0.0, 0.0, 0.0) == 0.0


def test_the_same_key_gives_the_same_check():
    layer, inputs = Linear(3, 2, key=KEY), normal(KEY, (2, 3))
    value = LayerValue(layer, inputs, key=KEY)
    first, again = (by_projection(value, key=KEY) for _ in range(2))
    other = by_projection(value, key=KEY.child("other"))
    assert first == again != other


def test_by_array_gives_errors_and_nan_if_every_step_crosses_a_kink():
    class Crooked(Differentiable):
        """3 a + |b|, with the gradients given as 3 and 1."""

        def __init__(self, b):
            self.point = {"a": np.ones(2), "b": np.array([b])}

        def evaluate(self, point):
            return float(3 * point["a"].sum() + abs(point["b"]).sum()), point["b"]

        def gradients(self):
            return {"a": np.array([3.0, 3.3]), "b": np.ones(1)}

    errors = by_array(Crooked(1.0))
    assert errors["a"] == pytest.approx(0.3 / 6.3, rel=1e-6)
    assert errors["b"] < 1e-9
    assert np.isnan(by_array(Crooked(0.0))["b"])


def test_without_a_direction_there_is_no_error():
    layer = Linear(4, 3, key=Key(0))
    black = LayerValue(layer, np.array([[0.0, 1, 2, 3], [1, 2, 3, 4]]), key=Key(0))
    found = by_projection(black, key=Key(1))
    assert (found.directions, found.passed) == (0, False)
    assert np.isnan(found.max_relative_error)
    assert by_projection(black, key=Key(1), names=["weight"]).passed


def test_one_nan_is_located_among_right_entries():
    class OneNaN(Linear):
        def backward(self, d_outputs, inputs, /):
            d_inputs, gradients = super().backward(d_outputs, inputs)
            gradients["weight"][1, 2] = np.nan
            return d_inputs, gradients

    inputs = normal(Key(0).child("inputs"), (2, 4))
    found = by_entry(LayerValue(OneNaN(4, 3, key=Key(0)), inputs, key=Key(0)), key=KEY)
    assert (found.name, found.index) == ("weight", (1, 2))
