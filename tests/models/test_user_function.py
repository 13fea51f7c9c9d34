import pytest

from handgrad.errors import ConfigError
from handgrad.layers import Linear, Sequential
from handgrad.models.user_function import made_by


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
