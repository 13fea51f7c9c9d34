"""What all families of convolution kernels have in common: the order of a step."""

from types import SimpleNamespace

import pytest

from handgrad.engine.lowering.convolution_kernels import ConvolutionKernels
from handgrad.engine.lowering.convolution_tables import Convolution
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.lowering.table import row_of
from handgrad.engine.memory_plan import NOWHERE, Memory
from handgrad.engine.parameter_store import ParameterStore
from handgrad.layers import Conv2d, Sequential
from handgrad.randomness import Key


class Recorded(ConvolutionKernels):
    """Notes what it is asked for."""

    def forward(self):
        return self.inputs

    def add_gradients(self, d_outputs):
        self.calls = ["gradients"]
        self.d_outputs = d_outputs

    def d_inputs(self, d_outputs):
        self.calls.append("d_inputs")
        return self.inputs


@pytest.fixture
def make():
    """A convolution with a padding of 1, of images (2, 5, 4) or of bordered ones."""
    memory = Memory(32, 2, 1, per_tile=False)
    layer = Conv2d(2, 3, 3, padding=1, key=Key(0))
    model = Sequential([layer])
    store = ParameterStore(model.parameters())
    lowering = Lowering(memory, store, NOWHERE, training=True)

    def made(*, needs=False, shape=(2, 5, 4), has_border=False):
        node = Node("conv2d_1", layer, row_of(layer), needs_d_inputs=needs)
        inputs = SimpleNamespace(shape=shape, has_border=has_border)
        return Recorded(lowering, node, inputs)

    return made


def test_padding_is_added_once(make):
    expected = Convolution(2, 3, (7, 6), (3, 3), (1, 1), (1, 1), 32)
    assert make().shape == expected
    assert make(shape=(2, 7, 6), has_border=True).shape == expected


@pytest.mark.parametrize("needs", [False, True])
def test_gradients_of_inputs_are_added_where_they_are_needed(make, needs):
    kernels = make(needs=needs)
    d_outputs = kernels.memory.dense("d", "gradients", (3, 5, 4))
    found = kernels.backward(d_outputs)
    assert kernels.calls == ["gradients", "d_inputs"][: 1 + needs]
    assert found is (kernels.inputs if needs else None)
    assert kernels.d_outputs is d_outputs
    assert not kernels.lowering.operations


def test_a_gradient_in_a_matrix_of_the_batch_is_copied_first(make):
    kernels = make()
    matrix = kernels.memory.matrix("d", "gradients", (3, 5, 4))
    kernels.backward(matrix)
    assert kernels.d_outputs.stride == 32
    (copy,) = kernels.lowering.operations
    assert copy.stands_for == "d_conv2d_1 outputs copied"
