"""Exchange of networks with other software."""

from handgrad.interop.onnx_export import to_onnx

__all__ = ["to_onnx"]
