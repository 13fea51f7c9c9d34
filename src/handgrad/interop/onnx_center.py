"""The central parts of each image in an ONNX graph."""

from collections.abc import Sequence

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.augmentation.center import Places, View, center_places
from handgrad.interop.onnx_graph import Graph

ROWS, COLUMNS = 2, 3  # axes
WHITE = 255


def add_center_crops(
    graph: Graph,
    images: str,
    views: Sequence[View],
    shape: Shape,
    *,
    is_bytes: bool,
) -> str:
    """The crops of all images for each of `views`, as one batch; its name."""
    crops = [
        add_center_crop(graph, images, view, shape, is_bytes=is_bytes) for view in views
    ]
    if len(crops) == 1:
        return crops[0]
    return graph.add("Concat", *crops, name="parts", axis=0)


def add_center_crop(
    graph: Graph, images: str, view: View, shape: Shape, *, is_bytes: bool
) -> str:
    """The same float32 operations as `augmentation.center_crop`; returns its name.

    `images` are the values that are resized, of `shape`; those that were bytes are
    rounded as there. `view` is the fraction of the sides and the shift in pixels.
    """
    fraction, shift = view
    rows, columns = center_places(fraction, shape[1], shape[2], shift)
    found = images
    for axis, places in ((COLUMNS, columns), (ROWS, rows)):
        found = _between(graph, found, places, axis)
    if not is_bytes:
        return found
    limits = [graph.constant(name, np.float32(v)) for name, v in _LIMITS.items()]
    found = graph.add("Clip", found, *limits, name="clipped")
    half = graph.constant("half", np.float32(0.5))
    raised = graph.add("Add", found, half, name="raised")
    return graph.add("Floor", raised, name="rounded")


_LIMITS = {"black": 0, "white": WHITE}


def _between(graph: Graph, values: str, places: Places, axis: int) -> str:
    """Interpolate along an axis."""
    part, before, after = places
    name = "rows" if axis == ROWS else "columns"
    weights = {"before": 1 - part, "after": part}
    found = [
        graph.add(
            "Mul",
            graph.add(
                "Gather",
                values,
                graph.integers(f"{name}_{side}", index.tolist()),
                name=f"{name}_{side}_seen",
                axis=axis,
            ),
            graph.constant(f"{name}_{side}_weights", _along(weights[side], axis)),
            name=f"{name}_{side}_weighted",
        )
        for side, index in (("before", before), ("after", after))
    ]
    return graph.add("Add", *found, name=f"{name}_read")


def _along(weights: NumpyArray, axis: int) -> NumpyArray:
    return weights.astype(np.float32)[:, None] if axis == ROWS else weights
