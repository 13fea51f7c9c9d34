"""The Jacobians of a two-layer perceptron as images."""

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

MOST = 64  # most rows and columns drawn, from the first corner
FEW = 10  # most units drawn of a Jacobian for a weight, each with its row of weights


def jacobians(found: Sequence[Jacobian]) -> Figure:
    """One panel per Jacobian: blue is positive, white 0, orange negative."""
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
                f"first {corner.shape[0]} rows and {corner.shape[1]} columns",
                color=MUTED,
                fontsize=TEXT_SIZE,
            )
    return figure


def _corner(value: NumpyArray) -> NumpyArray:
    """The part that is drawn: one row per output, one column per input entry."""
    if value.ndim == 2:
        return value[:MOST, :MOST]
    part = value[:FEW, :FEW]
    corner: NumpyArray = part.reshape(len(part), -1)
    return corner


def _note(jacobian: Jacobian, sizes: str) -> str:
    nonzero, error = jacobian.nonzero, jacobian.max_error
    return f"{sizes}; {nonzero:.1%} nonzero; max error {error:.0e}"
