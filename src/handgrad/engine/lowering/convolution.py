"""Which kernels compute a convolution: direct, Winograd, or the matrix unit.

Winograd's algorithm multiplies a third or a quarter as often, and its transforms take
memory bandwidth. With the matrix unit that pays off only for many channels.
"""

from handgrad.engine import processor
from handgrad.engine.lowering.convolution_amx import AmxConvolution, suits_amx
from handgrad.engine.lowering.convolution_kernels import ConvolutionKernels
from handgrad.engine.lowering.direct_convolution import DirectConvolution
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.lowering.winograd import WinogradConvolution, suits_winograd
from handgrad.engine.memory_plan import Tensor
from handgrad.layers import Conv2d

FEW_CHANNELS = 64


def lower_convolution(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = convolution of the padded inputs + bias, by the fastest kernels."""
    kind: type[ConvolutionKernels] = DirectConvolution
    if not inputs.has_border:  # which the other kernels do not take
        if prefers_winograd(node.layer):
            kind = WinogradConvolution
        elif suits_amx(node.layer):
            kind = AmxConvolution
    kernels = kind(lowering, node, inputs)
    outputs = kernels.forward()
    lowering.add_backward(kernels.backward, kernels.inputs)
    return outputs


def prefers_winograd(layer: Conv2d) -> bool:
    """Whether fewer multiplications are worth the transforms."""
    few = min(layer.in_channels, layer.out_channels) <= FEW_CHANNELS
    by_unit = suits_amx(layer) and (few or processor.rounds_to_bfloat16())
    return suits_winograd(layer) and not by_unit
