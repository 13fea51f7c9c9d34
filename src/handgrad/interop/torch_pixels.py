"""Vectors of a torch module that multiply images, one factor for each channel.

Needs torch, the extra `torch`.
"""

from math import prod
from typing import Any

import torch

from handgrad.arrays import Shape
from handgrad.interop.torch_functions import Pixels
from handgrad.torch_modules import UnsupportedError


def check_pixels(graph: Any, node: Any, shape: Shape) -> None:
    """UnsupportedError unless an operation prepares a factor for each channel.

    `node` makes images of one pixel of vectors, as `view`, `unsqueeze` twice or
    `x[:, :, None, None]`, or expands them; `shape` is that of its input.
    """
    before, kind = graph.operands(node)[0], graph.kind(node)
    is_second = kind == graph.kind(before) == "unsqueeze"
    is_whole = kind != "unsqueeze" or is_second
    if kind == "expand_as":
        fits = is_pixel(graph, before) or shape[1:] == (1, 1)
    else:
        fits = len(shape) == 1 and is_pixel(graph, before) == is_second
    users = graph.users(node)
    for user in users:
        if is_whole and graph.join(user) == "mul":
            expanded = {*node.args[1:]} if kind == "expand_as" else set()
            fits = fits and expanded <= {*graph.operands(user)}
        else:
            follower = "expand_as" if is_whole else "unsqueeze"
            fits = fits and graph.kind(user) == follower != kind * is_whole
    if not (fits and users):
        raise UnsupportedError(
            f"{graph.shown(node)} of values other than a factor for each channel"
        )


def check_factors(graph: Any, join: Any, chains: list[Any]) -> None:
    """UnsupportedError for a product that no layer computes.

    `chains` are the branches that the operation `join` multiplies: of equal shapes, or
    images and one factor for each channel. A product of vectors and images is one that
    torch misaligns.
    """
    if join.target is torch.einsum:
        return
    are_pixels = [is_pixel(graph, chain.last) for chain in chains]
    axes = [len(chain.shape) for chain in chains]
    sizes = {3 if one else n for one, n in zip(are_pixels, axes, strict=True)}
    if len(sizes) > 1 or (any(are_pixels) and max(axes) == 1):
        raise UnsupportedError(f"{graph.shown(join)} of vectors and images")
    few, many = sorted((chain.shape for chain in chains), key=prod)
    if few != many and few not in (many[:1], (*many[:1], 1, 1)):
        raise UnsupportedError(
            f"{graph.shown(join)} of values of shapes {few} and {many}, which are "
            "neither equal nor images and one factor for each channel"
        )


def is_pixel(graph: Any, node: Any) -> bool:
    """Whether a value is a vector as images of one pixel."""
    return isinstance(graph.module(node), Pixels)
