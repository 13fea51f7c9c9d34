"""Linear layers: which kernels compute their products, and the bias after them."""

from handgrad.engine.lowering.activation import lower_bias
from handgrad.engine.lowering.linear_amx import AmxProducts, suits_amx
from handgrad.engine.lowering.linear_products import ColumnProducts, LinearProducts
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.lowering.plan import LINEAR_TILE, SKINNY_TILE
from handgrad.engine.lowering.rows import PanelProducts
from handgrad.engine.lowering.skinny import MOST_OUTPUTS, is_skinny, lower_skinny
from handgrad.engine.memory_plan import Tensor
from handgrad.layers import Linear


def tile_of_linear(layer: Linear) -> int:
    """Examples in a tile: few where a tile takes a few microseconds anyway."""
    return SKINNY_TILE if layer.out_features <= MOST_OUTPUTS else LINEAR_TILE


def lower_linear(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = weight @ inputs + bias, with the activation after it, if any."""
    inputs = inputs.reshaped((inputs.rows,))
    kind: type[LinearProducts] = ColumnProducts
    if lowering.by_rows:
        kind = AmxProducts if suits_amx(node.layer) else PanelProducts
    elif is_skinny(node.layer, inputs):
        return lower_bias(lowering, node, lower_skinny(lowering, node, inputs))
    products = kind(lowering, node, inputs)
    outputs = products.forward()
    lowering.add_backward(products.backward, products.inputs)
    return lower_bias(lowering, node, outputs)
