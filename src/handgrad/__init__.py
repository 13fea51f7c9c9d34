"""Handgrad: image classifiers with hand-written gradients, all of them tested."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handgrad import (
        datasets,
        initializers,
        inspection,
        interop,
        layers,
        losses,
        models,
        network,
        optimizers,
        schedules,
        training,
    )
    from handgrad.classifier import Classifier, from_onnx, load
    from handgrad.run import train

__version__ = "0.1.0"

__all__ = [
    "Classifier",
    "__version__",
    "datasets",
    "from_onnx",
    "initializers",
    "inspection",
    "interop",
    "layers",
    "load",
    "losses",
    "models",
    "network",
    "optimizers",
    "schedules",
    "train",
    "training",
]

MODULES = (  # imported on access too, but not by `from handgrad import *`
    *("augmentation", "errors", "lessons", "metrics", "parameter", "randomness"),
    *("studies", "sweeps", "testing"),
)


def __getattr__(name: str) -> Any:
    """Import a public name on first access, which keeps `import handgrad` fast."""
    if name in ("Classifier", "from_onnx", "load"):
        return getattr(import_module("handgrad.classifier"), name)
    if name == "train":
        return import_module("handgrad.run").train
    if name in __all__ or name in MODULES:
        return import_module(f"handgrad.{name}")
    raise AttributeError(f"module 'handgrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
