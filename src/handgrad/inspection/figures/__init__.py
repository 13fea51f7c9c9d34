"""Figures of a run: each function takes plain arrays and returns a figure.

Importing this package imports matplotlib, so import it only where figures are drawn.
Nothing here opens a window or modifies matplotlib's global state.
"""

from handgrad.inspection.figures.augmented_samples import augmented_samples
from handgrad.inspection.figures.confusion_matrix import (
    confusion_matrix,
    confusion_of_answers,
)
from handgrad.inspection.figures.curves import Curve, curves, metric_curves
from handgrad.inspection.figures.first_layer_weights import first_layer_weights
from handgrad.inspection.figures.labelled_samples import labelled_samples
from handgrad.inspection.figures.mistakes import mistakes
from handgrad.inspection.figures.style import save

__all__ = [
    "Curve",
    "augmented_samples",
    "confusion_matrix",
    "confusion_of_answers",
    "curves",
    "first_layer_weights",
    "labelled_samples",
    "metric_curves",
    "mistakes",
    "save",
]
