import pytest

from handgrad.engine.lowering.linear import tile_of_linear
from handgrad.layers import Linear
from handgrad.randomness import Key

from ..networks import FLATTEN, RELU, cpu_engine, linear, network


def test_the_first_layer_gives_its_inputs_no_gradient():
    engine = cpu_engine(network(FLATTEN, linear(5), RELU, linear(4)))
    shown = repr(engine.training.program)
    assert "linear_2 d_inputs" in shown
    assert "linear_1 d_inputs" not in shown


@pytest.mark.parametrize(("outs", "tile"), [(10, 64), (12, 64), (13, 128)])
def test_few_outputs_take_small_tiles(outs, tile):
    assert tile_of_linear(Linear(3, outs, key=Key(0))) == tile
