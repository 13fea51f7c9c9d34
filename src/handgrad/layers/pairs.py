"""The two results of a layer's forward and backward, checked to be two."""

from typing import Any

from handgrad.arrays import Array, Gradients, two_returned
from handgrad.layers.layer import Layer


def forward_pair(name: str, layer: Layer[Any], results: Any) -> tuple[Array, Any]:
    """Outputs and cache, as forward returned them; ConfigError for anything else."""
    return _pair(name, "forward", layer, "outputs, cache", results)


def backward_pair(name: str, layer: Layer[Any], results: Any) -> tuple[Any, Gradients]:
    """`d_inputs` and gradients, as backward returned them; or ConfigError."""
    return _pair(name, "backward", layer, "d_inputs, gradients", results)


def _pair(
    name: str, method: str, layer: Layer[Any], what: str, results: Any
) -> tuple[Any, Any]:
    if type(results) is tuple and len(results) == 2:  # most are
        return results
    who = f"{name or 'The network'}: {method}"
    return two_returned(who, layer, what, results)
