"""The weights of the first layer as images, from a result of `filters`."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from handgrad.inspection.figures.first_layer_weights import (
    MOST,
    SIGNED,
    first_layer_weights,
)
from handgrad.inspection.figures.style import (
    INK,
    MUTED,
    TEXT_SIZE,
    class_labels,
    new_figure,
    quiet,
    title,
)
from handgrad.inspection.filters import Filters

MOST_FEATURES = 256  # most features drawn per unit


def filters(found: Filters, *, class_names: Sequence[str] = ()) -> Figure:
    """One image per unit; with class names if the units are the classes."""
    shape = tuple(found.pictures.shape[1:])
    are_classes = found.weight.ndim == 2 and len(found.weight) == len(class_names)
    names = class_names if are_classes else ()
    if len(shape) == 1:
        return _matrix(found, names)
    return first_layer_weights(found.weight, shape, names=names)


def _matrix(found: Filters, names: Sequence[str]) -> Figure:
    """The weights for vector inputs: one row per unit, one column per feature."""
    shown = found.weight[:MOST, :MOST_FEATURES]
    units, features = shown.shape
    reach = max(float(np.abs(shown).max()), 1e-12)
    figure = new_figure(
        float(np.clip(0.3 * features + 1.5, 4.6, 10)),
        float(np.clip(0.3 * units + 1.2, 2.4, 10)),
    )
    axes = figure.add_subplot()
    axes.imshow(
        shown, cmap=SIGNED, vmin=-reach, vmax=reach, aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    quiet(axes)
    if names:
        axes.set_yticks(range(units), class_labels(names[:units]))
        axes.tick_params(axis="y", labelcolor=INK)
    else:
        axes.set_ylabel("unit", color=MUTED, fontsize=TEXT_SIZE)
    axes.set_xlabel("feature", color=MUTED, fontsize=TEXT_SIZE)
    note = f"{units} units, {features} features; blue: positive, orange: negative"
    title(axes, "First-layer weights", note)
    return figure
