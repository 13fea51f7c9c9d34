"""What every layer is: forward, backward, shapes and named arrays."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from handgrad.arrays import Array, Gradients, Shape
from handgrad.parameter import Buffer, Parameter
from handgrad.randomness import Key

Cache = TypeVar("Cache")


class Layer(ABC, Generic[Cache]):
    """One differentiable step of a network.

    A layer never remembers a batch. `forward` hands back a cache with what
    `backward` will need, so one layer can serve several batches at once.
    """

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of one example's output; ShapeError if the layer cannot take it."""

    @abstractmethod
    def forward(
        self, inputs: Array, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, Cache]:
        """Return the outputs, and the cache that `backward` needs."""

    @abstractmethod
    def backward(self, d_outputs: Array, cache: Cache, /) -> tuple[Array, Gradients]:
        """Return `d_inputs`, and the gradient of each parameter by its name."""

    def parameters(self) -> dict[str, Parameter]:
        """Trainable parameters by name; most layers have none."""
        return {}

    def buffers(self) -> dict[str, Buffer]:
        """Running statistics by name; most layers have none."""
        return {}
