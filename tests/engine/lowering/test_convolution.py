"""Which way a convolution goes; that all agree is shown in the test of each."""

import pytest

from handgrad.engine import processor
from handgrad.engine.lowering.convolution import prefers_winograd

from ..networks import GLOBAL, RELU, conv, cpu_engine, linear, network
from .test_winograd import convolution

FEW, MANY = convolution(64, 128, 3, padding=1), convolution(96, 128, 3, padding=1)


def test_without_a_matrix_unit_winograds_way_wins(monkeypatch):
    monkeypatch.setattr(processor, "has_matrix_unit", lambda: False)
    assert prefers_winograd(FEW)
    assert prefers_winograd(MANY)


def test_with_it_that_pays_for_many_channels_only(monkeypatch):
    monkeypatch.setattr(processor, "has_matrix_unit", lambda: True)
    assert not prefers_winograd(FEW)
    assert prefers_winograd(MANY)
    assert prefers_winograd(convolution(32, 40, 3))  # does not fill the unit
    assert not prefers_winograd(convolution(96, 96, 5))


@pytest.mark.skipif(not processor.has_matrix_unit(), reason="needs a matrix unit")
def test_the_program_says_so():
    chosen = network(
        *(conv(32, 3, padding=1), RELU, conv(96, 3, padding=1), RELU),
        *(conv(96, 3, padding=1), GLOBAL, linear(4)),
        shape=(1, 6, 6),
    )
    shown = repr(cpu_engine(chosen).training.program)
    for part, is_there in [
        ("conv2d_2.weight by taps, in parts", True),
        ("conv2d_2 forward, windows", False),
        ("conv2d_3.weight by taps, in parts", False),
        ("conv2d_3 forward, windows", True),
    ]:
        assert (part in shown) == is_there, part
