from functools import partial

import pytest

from handgrad.errors import ConfigError
from handgrad.layers import Linear, Sequential
from handgrad.models.user_function import TORCH, check_function, made_by


def test_a_model_function_receives_shape_classes_and_seed():
    asked = []

    def make(input_shape, classes, seed):
        asked.append((input_shape, classes, seed))
        return Sequential([Linear(4, 3)])

    assert isinstance(made_by(make, (4,), 3, 7), Sequential)
    assert asked == [((4,), 3, 7)]


@pytest.mark.parametrize("made", [None, Linear(4, 3), []])
def test_a_model_function_must_return_a_network(made):
    with pytest.raises(ConfigError, match="The model function must return"):
        made_by(lambda *_: made, (4,), 3, 0)


class Module:
    """As the base class of torch's modules."""

    __module__ = TORCH

    def __call__(self, *inputs, **named):
        raise AssertionError("called")


class Own(Module):
    """A module of a user's class."""


@pytest.mark.parametrize("module", [Module(), Own()])
def test_a_torch_module_is_refused_with_the_way_to_convert_it(module):
    said = r"is a torch module.*model=handgrad\.interop\.from_torch\(module, input_sh"
    for check in (check_function, lambda make: made_by(make, (4,), 3, 0)):
        with pytest.raises(ConfigError, match=said):
            check(module)


class Called:
    """An instance that is called with one argument."""

    def __call__(self, inputs):
        return inputs


class Wrapped:
    """An instance that passes its arguments on to a function of one."""

    def __call__(self, *inputs, **named):
        return len(*inputs, **named)


@pytest.mark.parametrize(
    "make", [lambda shape: None, lambda: None, Called(), partial(Called()), len]
)
def test_a_function_of_other_arguments_is_refused(make):
    said = r"is called with the input shape.* takes \("
    with pytest.raises(ConfigError, match=said):
        check_function(make)


def test_an_instance_that_cannot_be_called_so_is_refused():
    check_function(Wrapped())
    with pytest.raises(ConfigError, match=r"cannot be called with .*takes exactly one"):
        made_by(Wrapped(), (4,), 3, 0)


def test_an_error_in_the_function_itself_stays():
    def make(input_shape, classes, seed):
        return Sequential([Linear(*input_shape, classes + "0")])

    with pytest.raises(TypeError, match="unsupported operand"):
        made_by(make, (4,), 3, 0)
