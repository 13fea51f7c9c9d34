"""The first layer's weights as pictures, from what `filters` found."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from handgrad.inspection.figures.first_layer_weights import first_layer_weights
from handgrad.inspection.filters import Filters


def filters(found: Filters, *, class_names: Sequence[str] = ()) -> Figure:
    """One picture for each unit; with class names where units are the classes."""
    shape = tuple(found.pictures.shape[1:])
    are_classes = found.weight.ndim == 2 and len(found.weight) == len(class_names)
    return first_layer_weights(
        found.weight, shape, names=class_names if are_classes else ()
    )
