"""Named arrays that belong to a layer: trainable parameters and running buffers."""

from handgrad.arrays import Array, Shape


class Parameter:
    """A trainable array. Only an optimizer changes its `value`."""

    def __init__(self, value: Array) -> None:
        self.value = value

    @property
    def shape(self) -> Shape:
        """Sizes of the array."""
        return tuple(self.value.shape)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, dtype={self.value.dtype})"


class Buffer(Parameter):
    """An array that a layer keeps but no gradient moves: running statistics."""
