"""Test data for the layer contract: new layers, batches and passes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.arrays import Gradients, NumpyArray, Shape
from handgrad.layers import Layer
from handgrad.randomness import Key, normal
from handgrad.testing.passes import backward_of, forward_of

Factory = Callable[[], Layer[Any]]


@dataclass(frozen=True)
class Trial:
    """Test data for a law of the layer contract: a layer, its inputs and keys.

    `make` returns a new layer at each call, always with the same parameters.
    `examples_meet` is true of layers, such as batch normalization, whose outputs for
    one example depend on the others in training.

    Shapes
        input_shape  of one example, without the batch

    Units
        batch  number of examples
        seed   seed of all random numbers
    """

    make: Factory
    input_shape: Shape
    batch: int = 3
    seed: int = 0
    examples_meet: bool = False

    @property
    def key(self) -> Key:
        """The key of all random numbers of this trial."""
        return Key(self.seed).child("layer contract")

    @property
    def forward_key(self) -> Key:
        """The key of a forward pass, with example numbers."""
        return self.key.child("forward").at(1, np.arange(self.batch))

    def inputs(self, name: str = "inputs", dtype: str = "float32") -> NumpyArray:
        """Standard normal inputs of this `dtype`; another `name` gives others."""
        shape = (self.batch, *self.input_shape)
        return normal(self.key.child(name), shape).astype(dtype)

    def forward(
        self, layer: Layer[Any], inputs: NumpyArray, *, training: bool = True
    ) -> tuple[NumpyArray, Any]:
        """Run the forward pass of `layer` on `inputs`, in `training` or prediction."""
        return forward_of(layer, inputs, training=training, key=self.forward_key)

    def d_outputs(self, outputs: NumpyArray, name: str = "d_outputs") -> NumpyArray:
        """Standard normal gradients of the `outputs`; another `name` gives others."""
        return normal(self.key.child(name), outputs.shape).astype(outputs.dtype)

    def there_and_back(
        self, layer: Layer[Any], inputs: NumpyArray, *, training: bool = True
    ) -> tuple[NumpyArray, NumpyArray, Gradients]:
        """Run the forward and the backward pass of `layer` on `inputs`.

        Returns outputs, d_inputs and gradients. `training` selects between training and
        prediction.
        """
        outputs, cache = self.forward(layer, inputs, training=training)
        d_inputs, gradients = backward_of(layer, self.d_outputs(outputs), cache)
        return outputs, d_inputs, gradients


def named_values(layer: Layer[Any]) -> dict[str, NumpyArray]:
    """Copies of all parameters and buffers, by name."""
    arrays = {**layer.parameters(), **layer.buffers()}
    return {name: np.array(array.value) for name, array in arrays.items()}


def give_values(layer: Layer[Any], values: dict[str, NumpyArray]) -> None:
    """Set parameters and buffers by name."""
    for name, array in {**layer.parameters(), **layer.buffers()}.items():
        array.value = values[name]


def as_dtype(layer: Layer[Any], dtype: str) -> Layer[Any]:
    """Convert parameters and buffers to this dtype, and return the layer."""
    values = named_values(layer).items()
    give_values(layer, {name: value.astype(dtype) for name, value in values})
    return layer


def assert_same(actual: Any, expected: Any, what: str) -> None:
    """Raise AssertionError unless both are identical (NaN equals NaN)."""
    np.testing.assert_array_equal(actual, expected, err_msg=what, strict=True)


def assert_all_same(
    actual: dict[str, NumpyArray], expected: dict[str, NumpyArray], what: str
) -> None:
    """Raise AssertionError unless names and values are identical."""
    assert_same_names(actual, expected, what)
    for name, value in expected.items():
        assert_same(actual[name], value, f"{what}: {name}")


def assert_same_names(actual: Any, expected: Any, what: str) -> None:
    """Raise AssertionError unless both have the same names."""
    if set(actual) != set(expected):
        raise AssertionError(
            f"{what}: expected {sorted(expected)}, got {sorted(actual)}."
        )
