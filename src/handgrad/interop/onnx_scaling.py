"""The scaling of the inputs of an ONNX graph, which becomes the normalization."""

from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.interop.onnx_source import (
    Source,
    UnsupportedError,
    attributes,
    check_is,
    named,
)

OPERATORS = ("Cast", "Mul", "Add", "Sub", "Div")  # before the first layer
FLOAT = 1  # of onnx.TensorProto
CLOSE = 1e-4  # standard deviations between the metadata and float32 constants


class Scaling:
    """scale * inputs + shift, for each channel or feature; `value` names the result."""

    def __init__(self, source: Source) -> None:
        self.source, self.value = source, source.input
        self.scale: NumpyArray = np.ones(1)
        self.shift: NumpyArray = np.zeros(1)
        while len(users := source.users(self.value)) == 1:
            (node,) = users
            constant = source.constant(node)
            if node.op_type == "Cast":
                check_is(node, attributes(node), "to", FLOAT)
            elif node.op_type not in OPERATORS or constant is None:
                break
            else:
                self._apply(node, self._for_each_channel(node, constant))
            self.value = node.output[0]

    def normalization(self) -> tuple[NumpyArray, NumpyArray]:
        """Mean and standard deviation; exactly those of the metadata if they agree."""
        if not (self.scale > 0).all():
            by = self.scale[~(self.scale > 0)][0]
            raise self.source.refuse([f"inputs multiplied by {by:g}, which is not > 0"])
        units = 255 if self.source.dtype == "uint8" else 1
        mean, std = -self.shift / self.scale / units, 1 / self.scale / units
        try:
            noted = [
                np.array(self.source.noted(name, list), dtype=np.float64)
                for name in ("mean", "std")
            ]
            gaps = np.abs(np.array(noted) - [mean, std])
        except (ValueError, TypeError):  # none, or of another program
            return mean, std
        return (noted[0], noted[1]) if (gaps <= CLOSE * std).all() else (mean, std)

    def _for_each_channel(self, node: Any, constant: NumpyArray) -> NumpyArray:
        """One number, or one for each channel; UnsupportedError for another shape."""
        shape = (1, *self.source.shape)
        missing = len(shape) - constant.ndim
        whole = constant.reshape((1,) * max(missing, 0) + constant.shape)
        found = whole.reshape(*whole.shape[:2], -1)[0, :, 0] if whole.size else whole
        fits = missing >= 0 and len(found) in (1, shape[1])
        if not fits or not _is_all(np.moveaxis(whole, 1, -1), found):
            raise UnsupportedError(
                f"{named(node)} before the first layer with an array of shape "
                f"{constant.shape}, where the normalization has one number for each "
                "channel or feature"
            )
        if constant.dtype.kind != "f":
            raise UnsupportedError(f"{named(node)} in {constant.dtype} arithmetic")
        return found.astype(np.float64)

    def _apply(self, node: Any, by: NumpyArray) -> None:
        """Add an operator; a difference and a quotient have the constant second."""
        if node.op_type == "Mul":
            self.scale, self.shift = self.scale * by, self.shift * by
        elif node.op_type == "Add":
            self.shift = self.shift + by
        elif node.input[0] in self.source.constants:
            raise UnsupportedError(f"{named(node)} with the inputs second")
        elif node.op_type == "Sub":
            self.shift = self.shift - by
        else:
            with np.errstate(divide="ignore", invalid="ignore"):
                self.scale, self.shift = self.scale / by, self.shift / by


def _is_all(array: NumpyArray, values: NumpyArray) -> bool:
    """Whether an array holds these values along its last axis, everywhere."""
    return np.array_equal(array, np.broadcast_to(values, array.shape), equal_nan=True)
