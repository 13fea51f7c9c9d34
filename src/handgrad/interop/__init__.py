"""Exchange of networks with other software."""

from handgrad.interop.onnx_export import to_onnx
from handgrad.interop.torch_conversion import from_torch, to_torch
from handgrad.interop.torch_weights import (
    load_torch_weights,
    save_torch_weights,
    torch_names,
)

__all__ = [
    "from_torch",
    "load_torch_weights",
    "save_torch_weights",
    "to_onnx",
    "to_torch",
    "torch_names",
]
