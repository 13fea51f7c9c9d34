"""Checks that a layer's forward and backward each return a pair."""

from typing import Any

from handgrad.arrays import Array, Gradients, two_returned
from handgrad.layers.layer import Layer


def forward_pair(name: str, layer: Layer[Any], results: Any) -> tuple[Array, Any]:
    """Return (outputs, cache) from forward; ConfigError unless it is a pair."""
    return _pair(name, "forward", layer, "outputs, cache", results)


def backward_pair(name: str, layer: Layer[Any], results: Any) -> tuple[Any, Gradients]:
    """Return (d_inputs, gradients) from backward; ConfigError unless it is a pair."""
    return _pair(name, "backward", layer, "d_inputs, gradients", results)


def _pair(
    name: str, method: str, layer: Layer[Any], what: str, results: Any
) -> tuple[Any, Any]:
    if type(results) is tuple and len(results) == 2:  # the usual case
        return results
    who = f"{name or 'The network'}: {method}"
    return two_returned(who, layer, what, results)
