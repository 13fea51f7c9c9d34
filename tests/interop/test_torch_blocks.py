"""The branches of a torch module become the layers that join them."""

from handgrad import layers
from handgrad.interop.torch_blocks import BLOCKS, Chain


def test_the_body_of_a_sum_is_the_longer_branch():
    long = Chain([layers.ReLU(), layers.Tanh()], None, (4,), None)
    short = Chain([layers.ReLU()], None, (4,), None)
    block = BLOCKS["add"]([short, long])
    assert [len(part.layers) for part in block.parts().values()] == [2, 1]


def test_the_body_of_a_product_has_one_number_for_each_channel():
    for shape in ((4,), (4, 1, 1)):
        few = Chain([layers.Tanh()], None, shape, None)
        block = BLOCKS["mul"]([Chain([], None, (4, 2, 2), None), few])
        kinds = [type(layer) for layer in block.body.layers.values()]
        assert kinds == [layers.Tanh, layers.Flatten][: len(shape)]
