"""The abstract base class of all layers."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from handgrad.arrays import Array, Gradients, Shape
from handgrad.errors import ConfigError
from handgrad.parameter import Buffer, Parameter
from handgrad.randomness import Key

Cache = TypeVar("Cache")


class Layer(ABC, Generic[Cache]):
    """Base class of all layers; a layer is one differentiable step of a network.

    A layer stores no batch. `forward` returns a cache with what `backward` needs, so
    one layer can process several batches at once. Arrays may be of any library that
    follows the array API (NumPy, torch).

    A custom layer defines `output_shape`, `forward` and `backward`, and `parameters` if
    it has any; `handgrad.testing.check_layer` checks it. An invalid setting raises
    ConfigError, both at construction and on assignment.

    Shapes
        inputs     (batch, ...), float32 or float64
        outputs    (batch, ...), usually of the dtype of the inputs
        d_outputs  like the outputs
        d_inputs   like the inputs
        gradients  each like its parameter
    """

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one example's output.

        `input_shape` is the shape of one example, without the batch. ShapeError if the
        layer cannot take it; `forward` relies on this check.
        """

    @abstractmethod
    def forward(
        self, inputs: Array, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, Cache]:
        """Return the outputs, and the cache that `backward` needs.

        `training` selects between training and prediction, which differ for dropout and
        batch normalization. A layer that needs random numbers draws them from `key`;
        ConfigError in training without one.
        """

    @abstractmethod
    def backward(self, d_outputs: Array, cache: Cache, /) -> tuple[Array, Gradients]:
        """Return `d_inputs`, and the gradient of each parameter by its name.

        `d_outputs` is the gradient of the loss with respect to the outputs, `cache`
        what `forward` returned with them.
        """

    def parameters(self) -> dict[str, Parameter]:
        """Return the trainable parameters by name; by default there are none."""
        return {}

    def buffers(self) -> dict[str, Buffer]:
        """Return the running statistics by name; by default there are none."""
        return {}


def check_layer(owner: str, part: object) -> None:
    """Raise ConfigError unless `part` is a layer."""
    if not isinstance(part, Layer):
        got = f"the class {part.__name__}" if isinstance(part, type) else repr(part)
        raise ConfigError(
            f"{owner} takes layers, got {got}. Give instances of Handgrad's layers, "
            "such as ReLU(), or of subclasses of Layer."
        )
