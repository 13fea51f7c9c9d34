"""The contract of layers, as tests that run on any layer, built-in or custom.

Example
    from handgrad.testing import check_layer

    check_layer(lambda: Linear(4, 3, key=Key(0)), input_shape=(4,))
"""

from collections.abc import Callable
from itertools import product

import numpy as np
from safetensors import numpy as safetensors

from handgrad.arrays import Shape
from handgrad.inspection.differentiable import LayerValue
from handgrad.inspection.gradient_check import by_entry, by_projection
from handgrad.ranges import check_count, check_seed
from handgrad.testing.batch_laws import (
    an_example_alone_is_the_same,
    examples_do_not_meet,
    memory_order_does_not_matter,
    order_of_examples_does_not_matter,
)
from handgrad.testing.closeness import assert_alike, assert_equal
from handgrad.testing.directions import assert_enough_directions
from handgrad.testing.passes import (
    backward_of,
    check_factory,
    check_sizes,
    forward_of,
    output_shape_of,
)
from handgrad.testing.trial import (
    Factory,
    Trial,
    as_dtype,
    assert_all_same,
    assert_same,
    assert_same_names,
    give_values,
    named_values,
)

DIRECTIONS = 3


def check_layer(
    layer_factory: Factory,
    input_shape: Shape,
    *,
    batch: int = 3,
    seed: int = 0,
    examples_meet: bool = False,
) -> None:
    """Check a layer against every law of `LAYER_LAWS`.

    `layer_factory` returns a new layer at each call, always with the same parameters.
    `examples_meet=True` is for a layer, such as batch normalization, whose outputs for
    one example depend on the others in training. AssertionError says which law is
    violated and how; ConfigError or ShapeError that a method takes or returns something
    else than those of a layer do, or that an argument is wrong.

    Shapes
        input_shape  of one example, without the batch

    Units
        batch  number of examples
        seed   seed of all random numbers

    Example
        check_layer(lambda: Linear(4, 3, key=Key(0)), input_shape=(4,))
    """
    shape = check_sizes("check_layer", input_shape)
    check_count("check_layer", "batch", batch)
    check_seed("check_layer", "seed", seed)
    check_factory("check_layer", layer_factory)
    trial = Trial(layer_factory, shape, batch, seed, examples_meet)
    for law in LAYER_LAWS.values():
        law(trial)


def output_shape_is_right(trial: Trial) -> None:
    """Check that `output_shape` is the shape of the outputs of `forward`."""
    layer = trial.make()
    expected = (trial.batch, *output_shape_of(layer, trial.input_shape))
    outputs, _ = trial.forward(layer, trial.inputs())
    assert_equal(tuple(outputs.shape), expected, f"{layer!r} outputs")


def gradients_fit_what_they_belong_to(trial: Trial) -> None:
    """Check shape and dtype of `d_inputs` and of the gradient of each parameter."""
    layer, inputs = trial.make(), trial.inputs()
    _, d_inputs, gradients = trial.there_and_back(layer, inputs)
    assert_alike(d_inputs, inputs, f"{layer!r} d_inputs")
    assert_same_names(gradients, layer.parameters(), f"{layer!r} gradients")
    for name, parameter in layer.parameters().items():
        assert_alike(gradients[name], parameter.value, f"{layer!r} gradient of {name}")


def precision_is_kept(trial: Trial) -> None:
    """Check that forward and backward keep float32 and float64."""
    for dtype, training in product(("float32", "float64"), (True, False)):
        layer = as_dtype(trial.make(), dtype)
        outputs, d_inputs, gradients = trial.there_and_back(
            layer, trial.inputs(dtype=dtype), training=training
        )
        found = {"outputs": outputs, "d_inputs": d_inputs, **gradients}
        for name, array in {**found, **named_values(layer)}.items():
            assert_equal(str(array.dtype), dtype, f"{layer!r} {name}")


def outputs_are_a_function_of_the_key(trial: Trial) -> None:
    """Check that training with the same inputs and key gives the same outputs."""
    first, again = (
        trial.forward(trial.make(), trial.inputs())[0].copy() for _ in range(2)
    )
    if not np.array_equal(first, again, equal_nan=True):
        raise AssertionError(
            f"{trial.make()!r}: outputs differ between two calls with the same key. "
            "Draw random numbers from the key alone, with handgrad.randomness."
        )


def repeated_training_repeats(trial: Trial) -> None:
    """Check that one layer gives the same outputs twice for the same inputs and key."""
    layer = trial.make()
    first, again = (trial.forward(layer, trial.inputs())[0].copy() for _ in range(2))
    if not np.array_equal(first, again, equal_nan=True):
        raise AssertionError(
            f"{layer!r}: outputs of one layer differ between two calls with the same "
            "key. Draw random numbers from the key alone, with handgrad.randomness, "
            "and let no output depend on earlier calls."
        )


def backward_agrees_with_finite_differences(trial: Trial) -> None:
    """Check inputs and each parameter, in training and in prediction."""
    for training in (True, False):
        inputs = trial.inputs()
        value = LayerValue(trial.make(), inputs, key=trial.key, training=training)
        for name in value.point:
            key = trial.key.child(name)
            found = by_projection(value, key=key, directions=DIRECTIONS, names=[name])
            who = f"{trial.make()!r} (training={training})"
            assert_enough_directions(found, f"{who}, {name}")
            if not found.passed:
                raise AssertionError(
                    f"{who}: backward and finite differences disagree in {name}, "
                    f"{found}. Worst entry: {by_entry(value, key=key)}."
                )


def nothing_given_is_modified(trial: Trial) -> None:
    """Check that inputs, d_outputs, parameters and cache are not modified."""
    layer, inputs = trial.make(), trial.inputs()
    parameters = {name: p.value for name, p in layer.parameters().items()}
    before = named_values(layer)
    outputs, cache = trial.forward(layer, inputs)
    assert_same(inputs, trial.inputs(), f"{layer!r} forward modified its inputs")
    d_outputs = trial.d_outputs(outputs)
    first = backward_of(layer, d_outputs, cache)
    assert_same(inputs, trial.inputs(), f"{layer!r} backward modified the inputs")
    assert_same(d_outputs, trial.d_outputs(outputs), f"{layer!r} modified d_outputs")
    for name, value in parameters.items():
        assert_same(value, before[name], f"{layer!r} modified its parameter {name}")
        assert_same(layer.parameters()[name].value, before[name], f"{layer!r} {name}")
    first = (np.array(first[0]), {k: np.array(v) for k, v in first[1].items()})
    again = backward_of(layer, d_outputs, cache)
    assert_same(
        again[0], first[0], f"{layer!r}: a second backward returned other d_inputs"
    )
    assert_all_same(again[1], first[1], f"{layer!r}: a second backward")


def prediction_repeats(trial: Trial) -> None:
    """Check that prediction is reproducible, needs no key and changes no state."""
    layer, inputs = trial.make(), trial.inputs()
    fields, before = set(vars(layer)), named_values(layer)
    first = np.array(forward_of(layer, inputs, training=False)[0])
    forward_of(layer, trial.inputs("other inputs"), training=False)
    again, _ = forward_of(layer, inputs, training=False)
    assert_same(again, first, f"{layer!r}: prediction is not reproducible")
    assert_all_same(named_values(layer), before, f"{layer!r}: prediction changed state")
    assert_same_names(vars(layer), fields, f"{layer!r}: attributes were added")


def training_remembers_no_batch(trial: Trial) -> None:
    """Check that no state of earlier batches affects outputs and gradients."""
    layer, fresh = trial.make(), trial.make()
    fields = set(vars(layer))
    trial.there_and_back(layer, trial.inputs("other inputs"))
    assert_same_names(vars(layer), fields, f"{layer!r}: attributes were added")
    outputs, d_inputs, gradients = trial.there_and_back(layer, trial.inputs())
    expected = trial.there_and_back(fresh, trial.inputs())
    assert_same(outputs, expected[0], f"{layer!r}: outputs depend on earlier batches")
    assert_same(d_inputs, expected[1], f"{layer!r}: d_inputs depend on earlier batches")
    assert_all_same(
        gradients, expected[2], f"{layer!r}: gradients depend on earlier batches"
    )


def two_batches_pass_at_once(trial: Trial) -> None:
    """Check two forward passes followed by their two backward passes."""
    names = ("inputs", "other inputs")
    expected = [
        trial.there_and_back(trial.make(), trial.inputs(name)) for name in names
    ]
    layer = trial.make()
    passes = [trial.forward(layer, trial.inputs(name)) for name in names]
    for (outputs, cache), (_, d_inputs, gradients) in zip(
        passes, expected, strict=True
    ):
        found = backward_of(layer, trial.d_outputs(outputs), cache)
        assert_same(found[0], d_inputs, f"{layer!r}: two batches interfere")
        assert_all_same(found[1], gradients, f"{layer!r}: two batches interfere")


def parameters_survive_saving(trial: Trial) -> None:
    """Check that parameters saved as safetensors predict identically once loaded."""
    layer, other = trial.make(), trial.make()
    trial.forward(layer, trial.inputs())  # updates the buffers, if there are any
    outputs, _ = trial.forward(layer, trial.inputs(), training=False)
    saved = safetensors.save(named_values(layer))
    changed = {name: value + 1 for name, value in named_values(other).items()}
    give_values(other, changed)
    if changed:
        moved, _ = trial.forward(other, trial.inputs(), training=False)
        if np.array_equal(moved, outputs):
            raise AssertionError(f"{layer!r}: outputs do not depend on parameters().")
    give_values(other, safetensors.load(saved))
    loaded, _ = trial.forward(other, trial.inputs(), training=False)
    assert_same(loaded, outputs, f"{layer!r}: loaded parameters give other outputs")


LAYER_LAWS: dict[str, Callable[[Trial], None]] = {
    law.__name__: law
    for law in (
        output_shape_is_right,
        gradients_fit_what_they_belong_to,
        precision_is_kept,
        outputs_are_a_function_of_the_key,
        repeated_training_repeats,
        nothing_given_is_modified,
        backward_agrees_with_finite_differences,
        prediction_repeats,
        training_remembers_no_batch,
        two_batches_pass_at_once,
        parameters_survive_saving,
        examples_do_not_meet,
        an_example_alone_is_the_same,
        memory_order_does_not_matter,
        order_of_examples_does_not_matter,
    )
}
