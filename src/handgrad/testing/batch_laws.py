"""Laws of layers about the examples of a batch: their number, order, independence."""

import numpy as np

from handgrad.testing.closeness import assert_close, assert_equal
from handgrad.testing.passes import backward_of, forward_of
from handgrad.testing.trial import Trial, assert_same


def examples_do_not_meet(trial: Trial) -> None:
    """Check that changing the last example changes no result of the others."""
    for training in (False,) if trial.examples_meet else (False, True):
        layer, inputs = trial.make(), trial.inputs()
        changed = inputs.copy()
        changed[-1] = 3 * trial.inputs("other inputs")[-1]
        outputs, d_inputs, _ = trial.there_and_back(layer, inputs, training=training)
        other = trial.there_and_back(layer, changed, training=training)
        assert_same(
            other[0][:-1],
            outputs[:-1],
            f"{layer!r}: outputs depend on other examples",
        )
        assert_same(
            other[1][:-1],
            d_inputs[:-1],
            f"{layer!r}: d_inputs depend on other examples",
        )


def an_example_alone_is_the_same(trial: Trial) -> None:
    """Check that a batch of one example gives the results of its row, in prediction."""
    layer, inputs = trial.make(), trial.inputs()
    outputs, cache = trial.forward(layer, inputs, training=False)
    d_outputs = trial.d_outputs(outputs)
    d_inputs, _ = backward_of(layer, d_outputs, cache)
    for row in range(trial.batch):
        one, who = slice(row, row + 1), f"{layer!r}: an example alone has other"
        alone, cache = forward_of(layer, inputs[one], training=False)
        assert_equal(alone.shape, outputs[one].shape, f"{who} outputs, shape")
        assert_close(alone, outputs[one], inputs[0].size, what=f"{who} outputs")
        back, _ = backward_of(layer, d_outputs[one], cache)
        assert_equal(back.shape, d_inputs[one].shape, f"{who} d_inputs, shape")
        assert_close(back, d_inputs[one], alone[0].size, what=f"{who} d_inputs")


def memory_order_does_not_matter(trial: Trial) -> None:
    """Check that inputs and d_outputs in another order in memory change no result."""
    layer, inputs = trial.make(), trial.inputs()
    expected = trial.there_and_back(layer, inputs)
    outputs, cache = trial.forward(trial.make(), np.asfortranarray(inputs))
    d_outputs = np.asfortranarray(trial.d_outputs(outputs))
    d_inputs, gradients = backward_of(layer, d_outputs, cache)
    who, terms = f"{layer!r} with arrays in another order in memory:", inputs.size
    assert_close(outputs, expected[0], terms, what=f"{who} outputs")
    assert_close(d_inputs, expected[1], outputs.size, what=f"{who} d_inputs")
    for name, gradient in expected[2].items():
        what = f"{who} gradient of {name}"
        assert_close(gradients[name], gradient, outputs.size, what=what)


def order_of_examples_does_not_matter(trial: Trial) -> None:
    """Check that permuting the examples permutes the outputs."""
    layer, inputs = trial.make(), trial.inputs()
    outputs, _ = trial.forward(layer, inputs)
    order = np.arange(trial.batch)[::-1]
    key = trial.forward_key.at(1, order)
    permuted, _ = forward_of(layer, inputs[order], training=True, key=key)
    terms = inputs[0].size if not trial.examples_meet else inputs.size
    assert_close(
        permuted,
        outputs[order],
        terms,
        what=f"{layer!r}: outputs depend on the order of examples",
    )
