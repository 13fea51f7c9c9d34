"""Which of three ways a convolution goes: directly, Winograd's, or the matrix unit's.

Winograd's way multiplies a third or a quarter as often and turns pictures to points and
back, which is memory's work. Through the matrix unit that pays where channels are many.
"""

from handgrad.engine.lowering.direct_convolution import lower_directly
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.lowering.unit_convolution import lower_by_unit, suits_unit
from handgrad.engine.lowering.winograd import lower_winograd, suits_winograd
from handgrad.engine.memory import Tensor
from handgrad.layers import Conv2d

FEW_CHANNELS = 64


def lower_convolution(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = convolution of the padded inputs + bias, by the fastest way."""
    lower = lower_directly
    if not inputs.has_border:  # which the other ways do without
        if goes_winograds_way(node.layer):
            lower = lower_winograd
        elif suits_unit(node.layer):
            lower = lower_by_unit
    return lower(lowering, node, inputs)


def goes_winograds_way(layer: Conv2d) -> bool:
    """Whether fewer multiplications pay for the turning."""
    few = min(layer.in_channels, layer.out_channels) <= FEW_CHANNELS
    return suits_winograd(layer) and not (few and suits_unit(layer))
