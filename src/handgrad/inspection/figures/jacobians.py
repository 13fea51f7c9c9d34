"""The Jacobians of a two-layer perceptron as pictures of their numbers."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.first_layer_weights import SIGNED
from handgrad.inspection.figures.style import (
    MUTED,
    TEXT_SIZE,
    new_figure,
    quiet,
    title,
)
from handgrad.inspection.jacobians import Jacobian

MOST = 64  # rows and columns drawn of a Jacobian, its first corner
FEW = 10  # units drawn of a Jacobian by a weight, each with its whole row of weights


def jacobians(found: Sequence[Jacobian]) -> Figure:
    """One panel for each: blue is positive, white 0, orange negative."""
    figure = new_figure(10.2, 7.0)
    for axes, jacobian in zip(figure.subplots(2, 3).ravel(), found, strict=True):
        corner = _corner(jacobian.value)
        reach = max(float(np.abs(corner).max()), 1e-12)
        axes.imshow(
            corner,
            cmap=SIGNED,
            vmin=-reach,
            vmax=reach,
            aspect="auto",
            interpolation="nearest",
        )
        quiet(axes)
        sizes = " x ".join(map(str, jacobian.shape))
        title(axes, f"{jacobian.name} = {jacobian.equation}", _note(jacobian, sizes))
        if corner.size < jacobian.value.size:
            axes.set_xlabel(
                f"its first {corner.shape[0]} rows and {corner.shape[1]} columns",
                color=MUTED,
                fontsize=TEXT_SIZE,
            )
    return figure


def _corner(value: NumpyArray) -> NumpyArray:
    """What is drawn: outputs down, and across what they are derived by."""
    if value.ndim == 2:
        return value[:MOST, :MOST]
    part = value[:FEW, :FEW]
    corner: NumpyArray = part.reshape(len(part), -1)
    return corner


def _note(jacobian: Jacobian, sizes: str) -> str:
    return f"{sizes}; {jacobian.nonzero:.1%} not 0; error {jacobian.max_error:.0e}"
