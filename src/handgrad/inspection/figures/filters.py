"""The weights of the first layer as images, from a result of `filters`."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from handgrad.inspection.figures.charts import chart, finish, signed_image
from handgrad.inspection.figures.first_layer_weights import MOST, first_layer_weights
from handgrad.inspection.figures.style import INK, class_labels
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
    figure, axes = chart(
        float(np.clip(0.3 * features + 1.5, 4.6, 10)),
        float(np.clip(0.3 * units + 1.2, 2.4, 10)),
    )
    signed_image(axes, shown)
    note = f"{units} units, {features} features; blue: positive, orange: negative"
    up = "" if names else "unit"
    finish(axes, "First-layer weights", note, across="feature", up=up, grid="")
    if names:
        axes.set_yticks(range(units), class_labels(names[:units]))
        axes.tick_params(axis="y", labelcolor=INK)
    return figure
