"""Whether the recorded operations of a batch read pixels of their images only."""

import numpy as np

from handgrad.arrays import Shape
from handgrad.augmentation.recorded_operations import (
    NOISE,
    RECOLOUR,
    RESAMPLE,
    VIEW,
    WORDS,
    Recorded,
    from_bits,
)
from handgrad.engine.views_check import check_views
from handgrad.errors import ShapeError

FAR = 1 << 20  # pixels outside an image: none of ours lies there


def check_recorded(recorded: Recorded, count: int, input_shape: Shape) -> None:
    """ShapeError for operations of other images, or of another batch."""
    if len(input_shape) != 3:
        raise ShapeError(
            f"Operations change images, got vectors of shape {input_shape}. Leave the "
            "augmentation out."
        )
    steps, table, keys = recorded
    is_table = table.dtype == "int64" and table.flags.c_contiguous and table.ndim == 2
    if not is_table or len(table) != count or len(keys) != len(steps):
        raise unfit(f"a table of {table.shape} for {count} images")
    columns = table.shape[1]
    places = [*steps[:, 1].tolist(), columns]
    if places != sorted(places) or places[0] != 0:
        raise unfit(f"columns from {places}")
    side = 3 if input_shape[0] == 3 else 1
    widths = {RESAMPLE: 6, RECOLOUR: 1 + side * side, NOISE: WORDS + 1}
    for number, operation in enumerate(steps[:, 0].tolist()):
        own = recorded.columns(number)
        if operation == VIEW:
            check_views(np.ascontiguousarray(own), count, input_shape)
        elif own.shape[1] != widths.get(operation):
            raise unfit(f"operation {operation} with {own.shape[1]} numbers")
        elif operation == RESAMPLE:
            sides = np.array([*input_shape[1:], 1], np.float64)
            reach = np.abs(from_bits(own).reshape(count, 2, 3)) @ sides
            if not reach.max(initial=0) < FAR:  # NaN is none
                raise unfit("positions far outside the image")


def unfit(found: str) -> ShapeError:
    """Said of operations that were not recorded for these images."""
    return ShapeError(
        f"A batch takes operations recorded for its own images, got {found}. Use "
        "handgrad.augmentation.recorded_operations.Pipeline."
    )
