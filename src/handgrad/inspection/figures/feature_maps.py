"""The outputs of all layers for one image."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.feature_maps import FeatureMap
from handgrad.inspection.figures.grid import pixels
from handgrad.inspection.figures.picture_rows import (
    note_of,
    picture_rows,
    signed_pictures,
)
from handgrad.inspection.figures.style import title
from handgrad.inspection.table import sizes


def feature_maps(image: NumpyArray, maps: Sequence[FeatureMap]) -> Figure:
    """The image, and below it one row per layer, except Flatten.

    Blue is positive, white 0, orange negative, on one scale per layer. The features of
    a linear layer are drawn as a row of small squares. The first 16 of each are drawn.

    Shapes
        image  (channels, height, width), or (features,)
    """
    first = [pixels(image) / 255.0] if image.ndim == 3 else signed_pictures(image)
    drawn = [found for found in maps if found.kind != "Flatten"]
    rows = [
        (f"{found.layer}\n{sizes(found.outputs.shape)}", signed_pictures(found.outputs))
        for found in drawn
    ]
    figure, axes = picture_rows([("image", first), *rows])
    features = [len(image)] if image.ndim == 1 else []
    counts = [*features, *(len(found.outputs) for found in drawn)]
    title(axes, "Feature maps", note_of(counts))
    return figure
