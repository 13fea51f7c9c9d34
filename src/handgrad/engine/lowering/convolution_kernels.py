"""What each family of convolution kernels adds, forward and backward."""

from abc import ABC, abstractmethod

from handgrad.engine.lowering.convolution_tables import Convolution
from handgrad.engine.lowering.copies import as_dense
from handgrad.engine.lowering.lowering import Lowering, bias_of
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory_plan import Tensor


class ConvolutionKernels(ABC):
    """One convolution of a network, by the kernels of one family.

    Equations
        outputs  = convolution of the padded inputs with weight + bias
        d_inputs = convolution of d_outputs with weight rotated by 180 degrees
        d_weight = sum over batch and places of d_outputs * window of the inputs
        d_bias   = sum over batch and places of d_outputs
    """

    def __init__(self, lowering: Lowering, node: Node, inputs: Tensor) -> None:
        self.lowering, self.memory, self.node = lowering, lowering.memory, node
        self.name, self.inputs = node.name, inputs
        self.shape = Convolution.of(node.layer, inputs, self.memory.tile)
        self.bias = bias_of(lowering, node)

    @abstractmethod
    def forward(self) -> Tensor:
        """Add the operations of the forward pass; returns the outputs."""

    @abstractmethod
    def add_gradients(self, d_outputs: Tensor) -> None:
        """Add the gradients of weight and bias."""

    @abstractmethod
    def d_inputs(self, d_outputs: Tensor) -> Tensor:
        """Add the gradient of the inputs; returns it."""

    def backward(self, d_outputs: Tensor) -> Tensor | None:
        """Add all gradients, that of the inputs only where it is needed."""
        d_outputs = as_dense(self.lowering, f"d_{self.name} outputs", d_outputs)
        self.add_gradients(d_outputs)
        return self.d_inputs(d_outputs) if self.node.needs_d_inputs else None
