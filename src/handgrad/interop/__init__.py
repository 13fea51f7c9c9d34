"""Exchange of networks with other software."""

from handgrad.interop.c_source import to_c
from handgrad.interop.live_log import log_live
from handgrad.interop.onnx_export import to_onnx
from handgrad.interop.python_source import to_python
from handgrad.interop.tensorboard_log import log_to_tensorboard, to_tensorboard
from handgrad.interop.torch import from_torch, to_torch
from handgrad.interop.torch_weights import (
    load_torch_weights,
    save_torch_weights,
    torch_names,
)

__all__ = [
    "from_torch",
    "load_torch_weights",
    "log_live",
    "log_to_tensorboard",
    "save_torch_weights",
    "to_c",
    "to_onnx",
    "to_python",
    "to_tensorboard",
    "to_torch",
    "torch_names",
]
