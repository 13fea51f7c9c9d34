"""Recording of every array of a network's forward and backward pass."""

from dataclasses import dataclass, field
from typing import Any

from handgrad.arrays import Array, Gradients, Shape
from handgrad.layers import Concatenate, Layer, Multiply, Residual, Sequential
from handgrad.layers.branches import Branches
from handgrad.parameter import Buffer, Parameter
from handgrad.randomness import Key


@dataclass
class Record:
    """The arrays of one layer; `is_container` if its parts have their own records.

    `arrays` holds inputs, outputs, d_outputs and d_inputs once they are computed.
    """

    name: str
    layer: Layer[Any]
    is_container: bool
    arrays: dict[str, Array] = field(default_factory=dict)
    cache: Any = None
    gradients: Gradients = field(default_factory=dict)


class Recorder(Layer[Any]):
    """A wrapper that runs a layer and records its inputs and outputs."""

    def __init__(self, layer: Layer[Any], record: Record) -> None:
        self.layer, self.record = layer, record

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the output shape of the wrapped layer."""
        return self.layer.output_shape(input_shape)

    def forward(
        self, inputs: Array, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, Any]:
        """Run the wrapped layer's forward pass and record its arrays."""
        outputs, cache = self.layer.forward(inputs, training=training, key=key)
        self.record.arrays.update(inputs=inputs, outputs=outputs)
        self.record.cache = cache
        return outputs, cache

    def backward(self, d_outputs: Array, cache: Any, /) -> tuple[Array, Gradients]:
        """Run the wrapped layer's backward pass and record its arrays."""
        d_inputs, gradients = self.layer.backward(d_outputs, cache)
        self.record.arrays.update(d_outputs=d_outputs, d_inputs=d_inputs)
        self.record.gradients = gradients
        return d_inputs, gradients

    def parameters(self) -> dict[str, Parameter]:
        """Return the parameters of the wrapped layer."""
        return self.layer.parameters()

    def buffers(self) -> dict[str, Buffer]:
        """Return the buffers of the wrapped layer."""
        return self.layer.buffers()

    def __repr__(self) -> str:
        return repr(self.layer)


def record_layers(network: Sequential) -> list[Record]:
    """Wrap every layer of a network in a recorder, including nested layers.

    The network is modified: pass a copy. Records are in forward order, a container
    before its parts; their names are the prefixes of the parameter names.
    """
    records: list[Record] = []
    _wrap_parts(network, "", records)
    return records


def _recorded(layer: Layer[Any], name: str, records: list[Record]) -> Recorder:
    record = Record(name, layer, isinstance(layer, Sequential | Branches))
    records.append(record)
    _wrap_parts(layer, f"{name}.", records)
    return Recorder(layer, record)


def _wrap_parts(layer: Layer[Any], prefix: str, records: list[Record]) -> None:
    if isinstance(layer, Sequential):
        layer.layers = {
            name: _recorded(part, prefix + name, records)
            for name, part in layer.layers.items()
        }
    elif isinstance(layer, Concatenate):
        layer.branches = {
            name: _recorded(part, prefix + name, records)
            for name, part in layer.branches.items()
        }
    elif isinstance(layer, Residual | Multiply):
        layer.body = _recorded(layer.body, f"{prefix}body", records)
        if layer.shortcut is not None:
            layer.shortcut = _recorded(layer.shortcut, f"{prefix}shortcut", records)
