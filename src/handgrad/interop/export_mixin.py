"""How a fitted classifier is exported."""

from pathlib import Path

from sklearn.utils.validation import check_is_fitted

from handgrad.interop.c_source import to_c
from handgrad.interop.onnx_export import to_onnx
from handgrad.interop.python_source import to_python


class ExportMixin:
    """Methods that write a fitted classifier for other software."""

    def to_onnx(self, path: str | Path) -> Path:
        """Export to an ONNX model at `path`; see `handgrad.interop.to_onnx`."""
        check_is_fitted(self, "network_")
        return to_onnx(self, path)

    def to_python(self, path: str | Path) -> Path:
        """Export to a Python program at `path`; see `handgrad.interop.to_python`."""
        check_is_fitted(self, "network_")
        return to_python(self, path)

    def to_c(self, path: str | Path) -> Path:
        """Export to a C99 file at `path`; see `handgrad.interop.to_c`."""
        check_is_fitted(self, "network_")
        return to_c(self, path)
