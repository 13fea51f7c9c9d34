"""Which of three ways a convolution goes: directly, Winograd's, or the matrix unit's.

Winograd's way multiplies a third or a quarter as often and turns pictures to points and
back, which is memory's work. Through the matrix unit that pays where channels are many.
"""

from handgrad.engine.lowering.direct_convolution import lower_convolution
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.unit_convolution import lower_unit_convolution, suits_unit
from handgrad.engine.lowering.winograd import lower_winograd, suits_winograd
from handgrad.engine.memory import Tensor
from handgrad.layers import Conv2d

FEW_CHANNELS = 64


def lower_any_convolution(
    lowering: Lowering, name: str, layer: Conv2d, inputs: Tensor
) -> Tensor:
    """outputs = convolution of the padded inputs + bias, by the fastest way."""
    lower = lower_convolution
    if goes_winograds_way(layer):
        lower = lower_winograd
    elif suits_unit(layer):
        lower = lower_unit_convolution
    return (lower_convolution if lowering.is_padded else lower)(
        lowering, name, layer, inputs
    )


def goes_winograds_way(layer: Conv2d) -> bool:
    """Whether fewer multiplications pay for the turning."""
    few = min(layer.in_channels, layer.out_channels) <= FEW_CHANNELS
    return suits_winograd(layer) and not (few and suits_unit(layer))
