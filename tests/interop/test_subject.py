import pytest

from handgrad import layers
from handgrad.errors import ConfigError
from handgrad.interop.subject import network_of, subject_of
from handgrad.layers import Sequential


class Fitted:
    def __init__(self, network):
        self.trained_ = network


def test_a_sequential_is_a_network():
    network = Sequential([layers.ReLU()])
    assert network_of("f", network) is subject_of("f", network) is network
    assert network_of("f", Fitted(network)) is network


@pytest.mark.parametrize("subject", [3, None, layers.ReLU(), Fitted(3)])
def test_anything_else_is_refused(subject):
    with pytest.raises(ConfigError, match=f"f takes .* {type(subject).__name__}. Call"):
        subject_of("f", subject)
