"""Every layer of Handgrad has ONNX operators, or is one that needs none."""

from handgrad import layers
from handgrad.interop.onnx_nodes import TABLE
from handgrad.layers import Layer


def test_every_layer_is_in_the_table():
    known = {each for each in vars(layers).values() if isinstance(each, type)}
    public = {each for each in known if issubclass(each, Layer)} - {Layer}
    assert public == set(TABLE)
