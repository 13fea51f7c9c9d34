"""Arrays of a forward and a backward pass as images."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.charts import SIGNS
from handgrad.inspection.figures.picture_rows import (
    filled,
    note_of,
    picture_rows,
    signed_pictures,
)
from handgrad.inspection.figures.style import title
from handgrad.inspection.table import sizes
from handgrad.inspection.trace import Trace
from handgrad.inspection.trace_step import TraceStep

HALF = 10  # maps of a layer's outputs, and as many of its d_outputs
GAP = np.ones((1, 1, 3))  # white, between the two
RESHAPING = "Flatten"  # its outputs are its inputs


def trace_figure(found: Trace) -> Figure:
    """One row per layer: its outputs on the left, their gradient on the right.

    The first image of a batch is drawn; containers are drawn as their parts.
    """
    rows = []
    for step in found:
        if step.is_container or step.kind == RESHAPING:
            continue
        pair = (step.outputs, step.d_outputs)
        left, right = (signed_pictures(values[0], HALF) for values in pair)
        label = f"{step.name}\n{sizes(step.outputs.shape[1:])}"
        rows.append((label, [*filled(left, HALF), GAP, *right]))
    figure, axes = picture_rows(rows, 2 * HALF + 1)
    halves = f"left: outputs, right: d_outputs, first {HALF} of each; {SIGNS}"
    title(axes, "Forward and backward pass", halves)
    return figure


def step_figure(step: TraceStep) -> Figure:
    """One row per array of a step: its first maps, or its features as squares."""
    drawn = [(name, value) for name, value, _ in step.arrays if is_drawn(value)]
    maps = [as_maps(value) for _, value in drawn]
    rows = [
        (f"{name}\n{sizes(value.shape)}", signed_pictures(one))
        for (name, value), one in zip(drawn, maps, strict=True)
    ]
    figure, axes = picture_rows(rows)
    title(axes, f"{step.name} ({step.kind})", note_of(map(len, maps)))
    return figure


def is_drawn(value: Any) -> bool:
    """Whether a value of a step is a non-empty array."""
    return isinstance(value, np.ndarray) and bool(value.size)


def as_maps(values: NumpyArray) -> NumpyArray:
    """Images and kernels as (maps, height, width); other arrays as (features,).

    A matrix with several rows becomes one map.
    """
    if values.ndim > 2:
        return values.reshape(-1, *values.shape[-2:])
    if values.ndim == 2 and len(values) > 1:
        return values[None]
    return values.reshape(-1)
