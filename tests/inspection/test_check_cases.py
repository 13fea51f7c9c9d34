import numpy as np
import pytest

from handgrad.inspection.check_cases import (
    LAYER_CASES,
    LOSS_CASES,
    Draw,
)
from handgrad.randomness import Key


def draws(count=30):
    return [Draw(Key(0).child(str(number))) for number in range(count)]


def test_integers_include_both_ends():
    drawn = {draw.integer("size", 1, 4) for draw in draws(100)}
    assert drawn == {1, 2, 3, 4}
    assert {draw.one_of("option", ["a", "b"]) for draw in draws()} == {"a", "b"}


def test_a_choice_is_a_function_of_the_key_and_the_purpose():
    first, again = Draw(Key(3)), Draw(Key(3))
    assert first.pair("size", 1, 99) == again.pair("size", 1, 99)
    assert first.integer("a", 0, 10**6) != first.integer("b", 0, 10**6)


@pytest.mark.parametrize("name", LAYER_CASES)
def test_drawn_layers_take_their_inputs_and_differ(name):
    cases = [LAYER_CASES[name](draw) for draw in draws()]
    for case in cases:
        assert type(case.layer).__name__ == name
        shape = case.layer.output_shape(case.inputs.shape[1:])
        assert min(shape) >= 1
    assert len({case.inputs.shape for case in cases}) > 10


@pytest.mark.parametrize("name", LOSS_CASES)
def test_drawn_losses_have_targets_among_the_classes(name):
    for draw in draws():
        case = LOSS_CASES[name](draw)
        assert type(case.loss).__name__ == name
        assert np.all(case.targets < case.logits.shape[1])


def test_convolutions_vary_in_all_options():
    layers = [LAYER_CASES["Conv2d"](draw).layer for draw in draws(50)]
    assert any(layer.stride[0] != layer.stride[1] for layer in layers)
    assert any(layer.padding[0] != layer.padding[1] for layer in layers)
    assert any(max(layer.stride) > min(layer.kernel_size) for layer in layers)
    assert any(layer.kernel_size == (1, 1) for layer in layers)
