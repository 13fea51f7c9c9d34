"""Each law of the contract detects a layer that violates it."""

import numpy as np
import pytest

from handgrad.layers import Layer, Linear, ReLU
from handgrad.parameter import Buffer, Parameter
from handgrad.randomness import Key
from handgrad.testing import LAYER_LAWS, Trial, check_layer


class Scale(Layer):
    """A correct layer to be modified: outputs = weight * inputs, by feature."""

    def __init__(self):
        self.weight = Parameter(np.array([2.0, -1.0, 0.5], dtype=np.float32))

    def output_shape(self, input_shape):
        return input_shape

    def forward(self, inputs, *, training=False, key=None):
        return inputs * self.weight.value, inputs

    def backward(self, d_outputs, inputs, /):
        d_weight = np.sum(d_outputs * inputs, axis=0)
        return d_outputs * self.weight.value, {"weight": d_weight}

    def parameters(self):
        return {"weight": self.weight}


class WrongShape(Scale):
    def output_shape(self, input_shape):
        return (*input_shape, 1)


class GradientOfNothing(Scale):
    def backward(self, d_outputs, inputs, /):
        return super().backward(d_outputs, inputs)[0], {}


class GradientOfAnotherShape(Scale):
    def backward(self, d_outputs, inputs, /):
        return d_outputs * self.weight.value, {"weight": d_outputs * inputs}


class AlwaysDouble(Scale):
    def forward(self, inputs, *, training=False, key=None):
        outputs, cache = super().forward(inputs)
        return outputs.astype(np.float64), cache


class AlwaysSingle(Scale):
    def backward(self, d_outputs, inputs, /):
        d_inputs, gradients = super().backward(d_outputs, inputs)
        return d_inputs.astype(np.float32), gradients


class WrongSign(Scale):
    def backward(self, d_outputs, inputs, /):
        d_inputs, gradients = super().backward(d_outputs, inputs)
        return -d_inputs, gradients


class SlightlyWrongWeight(Scale):
    def backward(self, d_outputs, inputs, /):
        d_inputs, gradients = super().backward(d_outputs, inputs)
        d_weight = gradients["weight"].copy()
        d_weight[1] *= 1.0001
        return d_inputs, {"weight": d_weight}


class IgnoresItsKey(Scale):
    """A dropout whose masks are drawn from a generator of its own."""

    draw = np.random.default_rng(0)

    def forward(self, inputs, *, training=False, key=None):
        mask = np.ones(inputs.shape, bool)
        if training:
            mask = self.draw.random(inputs.shape) < 0.5
        return inputs * mask * self.weight.value, (inputs, mask)

    def backward(self, d_outputs, cache, /):
        inputs, mask = cache
        d_inputs, gradients = super().backward(d_outputs * mask, inputs)
        return d_inputs, gradients


class Counts(Scale):
    """No two points have the same cache, so there is no step without a kink."""

    def forward(self, inputs, *, training=False, key=None):
        digits = (inputs.astype(np.float64) * 1e12).astype(np.int64)
        return inputs * self.weight.value, (inputs, digits)

    def backward(self, d_outputs, cache, /):
        return super().backward(d_outputs, cache[0])


class ChangesItsInputs(Scale):
    def forward(self, inputs, *, training=False, key=None):
        inputs *= self.weight.value
        return inputs, inputs / self.weight.value


class ChangesDOutputs(Scale):
    def backward(self, d_outputs, inputs, /):
        found = super().backward(d_outputs, inputs)
        d_outputs *= 2
        return found


class UsesUpItsCache(Scale):
    def forward(self, inputs, *, training=False, key=None):
        return inputs * self.weight.value, inputs.copy()

    def backward(self, d_outputs, inputs, /):
        found = super().backward(d_outputs, inputs)
        inputs *= 0
        return found


class CountsPredictions(Scale):
    def __init__(self):
        super().__init__()
        self.seen = Buffer(np.zeros(1, dtype=np.float32))

    def forward(self, inputs, *, training=False, key=None):
        self.seen.value = self.seen.value + 1
        return super().forward(inputs)

    def buffers(self):
        return {"seen": self.seen}


class RemembersTheBatch(Scale):
    def forward(self, inputs, *, training=False, key=None):
        self.inputs = inputs
        return inputs * self.weight.value, None

    def backward(self, d_outputs, cache, /):
        return super().backward(d_outputs, self.inputs)


class AddsUpGradients(Scale):
    def __init__(self):
        super().__init__()
        self.total = 0.0

    def backward(self, d_outputs, inputs, /):
        d_inputs, gradients = super().backward(d_outputs, inputs)
        self.total = self.total + gradients["weight"]
        return d_inputs, {"weight": self.total}


class KeepsAnotherWeight(Scale):
    def __init__(self):
        super().__init__()
        self.own = self.weight.value.copy()

    def forward(self, inputs, *, training=False, key=None):
        return inputs * self.own, inputs


class ExamplesMeet(Scale):
    def forward(self, inputs, *, training=False, key=None):
        return super().forward(inputs - np.mean(inputs, axis=0))


class PlaceInTheBatchMatters(Scale):
    def forward(self, inputs, *, training=False, key=None):
        place = np.arange(len(inputs), dtype=inputs.dtype)[:, None]
        return inputs * self.weight.value + place, inputs


class DrawsFromItself(IgnoresItsKey):
    """The same with a generator for each layer: two new layers agree."""

    def __init__(self):
        super().__init__()
        self.draw = np.random.default_rng(0)


class WrongForOneExample(Scale):
    def backward(self, d_outputs, inputs, /):
        d_inputs, gradients = super().backward(d_outputs, inputs)
        return d_inputs * (len(inputs) > 1), gradients


class LosesAnAxis(Scale):
    def forward(self, inputs, *, training=False, key=None):
        return super().forward(inputs)[0].squeeze(), inputs


class CountsTheExamples(Scale):
    def forward(self, inputs, *, training=False, key=None):
        return super().forward(inputs)[0] * len(inputs), inputs

    def backward(self, d_outputs, inputs, /):
        return super().backward(d_outputs * len(inputs), inputs)


class WrongForOtherOrders(Scale):
    def backward(self, d_outputs, inputs, /):
        d_inputs, gradients = super().backward(d_outputs, inputs)
        return d_inputs * d_outputs.flags.c_contiguous, gradients


BROKEN = [
    (DrawsFromItself, "repeated_training_repeats"),
    (WrongForOneExample, "an_example_alone_is_the_same"),
    (LosesAnAxis, "an_example_alone_is_the_same"),
    (CountsTheExamples, "an_example_alone_is_the_same"),
    (WrongForOtherOrders, "memory_order_does_not_matter"),
    (WrongShape, "output_shape_is_right"),
    (GradientOfNothing, "gradients_fit_what_they_belong_to"),
    (GradientOfAnotherShape, "gradients_fit_what_they_belong_to"),
    (AlwaysDouble, "precision_is_kept"),
    (AlwaysSingle, "precision_is_kept"),
    (IgnoresItsKey, "outputs_are_a_function_of_the_key"),
    (Counts, "backward_agrees_with_finite_differences"),
    (WrongSign, "backward_agrees_with_finite_differences"),
    (SlightlyWrongWeight, "backward_agrees_with_finite_differences"),
    (ChangesItsInputs, "nothing_given_is_modified"),
    (ChangesDOutputs, "nothing_given_is_modified"),
    (UsesUpItsCache, "nothing_given_is_modified"),
    (CountsPredictions, "prediction_repeats"),
    (RemembersTheBatch, "prediction_repeats"),
    (RemembersTheBatch, "training_remembers_no_batch"),
    (RemembersTheBatch, "two_batches_pass_at_once"),
    (AddsUpGradients, "training_remembers_no_batch"),
    (AddsUpGradients, "two_batches_pass_at_once"),
    (KeepsAnotherWeight, "parameters_survive_saving"),
    (ExamplesMeet, "examples_do_not_meet"),
    (PlaceInTheBatchMatters, "order_of_examples_does_not_matter"),
]


def test_a_correct_layer_passes(seed):
    check_layer(Scale, (3,), seed=seed)
    check_layer(ReLU, (2, 3, 4), seed=seed)


@pytest.mark.parametrize(("kind", "law"), BROKEN)
def test_a_broken_layer_is_caught(kind, law):
    with pytest.raises(AssertionError):
        LAYER_LAWS[law](Trial(kind, (3,)))
    with pytest.raises((AssertionError, ValueError)):
        check_layer(kind, (3,))


def test_changed_inputs_are_named_before_the_gradients_that_they_spoil():
    class ChangesNegatives(ReLU):
        def forward(self, inputs, *, training=False, key=None):
            inputs[inputs < 0] = 0
            return inputs, inputs > 0

        def backward(self, d_outputs, mask, /):
            return d_outputs * mask, {}

    with pytest.raises(AssertionError, match="forward modified its inputs"):
        check_layer(ChangesNegatives, (4,))


def test_every_law_has_a_layer_that_breaks_it():
    assert {law for _, law in BROKEN} == set(LAYER_LAWS)


def test_randomness_without_the_key_is_named():
    said = "outputs differ between two calls with the same key. Draw random numbers"
    with pytest.raises(AssertionError, match=said):
        check_layer(IgnoresItsKey, (3,))


def test_it_is_said_that_no_direction_was_compared():
    with pytest.raises(AssertionError, match=r"inputs: no direction of 3 could be com"):
        check_layer(Counts, (3,))


def test_the_worst_entry_is_named():
    with pytest.raises(
        AssertionError, match=r"disagree in weight.*weight\[1\]: analyt"
    ):
        check_layer(SlightlyWrongWeight, (3,))


def test_examples_may_depend_on_each_other_with_examples_meet():
    law = LAYER_LAWS["examples_do_not_meet"]
    with pytest.raises(AssertionError, match="depend on other examples"):
        law(Trial(ExamplesMeet, (3,), examples_meet=True))  # it does so in prediction

    def forward(self, inputs, *, training=False, key=None):
        centre = np.mean(inputs, axis=0) if training else 0.0
        return Scale.forward(self, inputs - centre)

    meets_in_training = type("Meets", (Scale,), {"forward": forward})
    law(Trial(meets_in_training, (3,), examples_meet=True))
    with pytest.raises(AssertionError, match="depend on other examples"):
        law(Trial(meets_in_training, (3,)))


def test_the_example_of_the_docstring():
    check_layer(lambda: Linear(4, 3, key=Key(0)), input_shape=(4,))
