"""Layers of the branches of a torch module.

Needs torch, the extra `torch`.
"""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from handgrad import layers
from handgrad.arrays import Shape
from handgrad.layers import Layer, Sequential


class Chain(NamedTuple):
    """Layers in a row, their last value and shape, and the operation after them."""

    layers: list[Layer[Any]]
    last: Any
    shape: Shape
    join: Any | None


def _sum(chains: list[Chain]) -> Layer[Any]:
    body, shortcut = sorted(chains, key=lambda chain: -len(chain.layers))
    return layers.Residual(Sequential(body.layers), _or_identity(shortcut))


def _product(chains: list[Chain]) -> Layer[Any]:
    """A product; its body is the branch with one number for each channel, if any."""
    body, kept = sorted(
        chains, key=lambda c: (prod(c.shape), len(c.shape), -len(c.layers))
    )
    flat = (
        [layers.Flatten()] if len(body.shape) == 3 and body.shape != kept.shape else []
    )
    return layers.Multiply(Sequential([*body.layers, *flat]), _or_identity(kept))


def _or_identity(chain: Chain) -> Sequential | None:
    return Sequential(chain.layers) if chain.layers else None


BLOCKS: dict[str | None, Callable[[list[Chain]], Layer[Any]]] = {
    "add": _sum,
    "mul": _product,
    "cat": lambda chains: layers.Concatenate([Sequential(c.layers) for c in chains]),
}
