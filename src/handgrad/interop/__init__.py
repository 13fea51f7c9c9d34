"""Exchange of networks with other software."""

from handgrad.interop.c_source import to_c
from handgrad.interop.onnx_export import to_onnx
from handgrad.interop.python_source import to_python
from handgrad.interop.tensorboard_log import log_to_tensorboard, to_tensorboard

__all__ = ["log_to_tensorboard", "to_c", "to_onnx", "to_python", "to_tensorboard"]
