"""Check that the augmentation of a batch reads pixels of its own images only."""

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.augmentation import recorded_operations
from handgrad.augmentation.mixture import Mixture
from handgrad.errors import ShapeError

FAR = 2**31  # pixels: no image is so large
FAR_POSITION = 1 << 20  # pixels outside an image: no augmentation reads so far


def check_recorded(
    recorded: recorded_operations.Recorded, count: int, input_shape: Shape
) -> None:
    """ShapeError for operations recorded for other images or another batch."""
    _check_is_image("Operations change images", input_shape)
    steps, table, keys = recorded
    is_table = table.dtype == "int64" and table.flags.c_contiguous and table.ndim == 2
    if not is_table or len(table) != count or len(keys) != len(steps):
        raise _unfit(f"a table of {table.shape} for {count} images")
    places = [*steps[:, 1].tolist(), table.shape[1]]
    if places != sorted(places) or places[0] != 0:
        raise _unfit(f"columns from {places}")
    side = 3 if input_shape[0] == 3 else 1
    widths = {
        recorded_operations.RESAMPLE: 6,
        recorded_operations.RECOLOUR: 1 + side * side,
        recorded_operations.NOISE: recorded_operations.WORDS + 1,
    }
    for number, operation in enumerate(steps[:, 0].tolist()):
        own = recorded.columns(number)
        if operation == recorded_operations.VIEW:
            check_views(np.ascontiguousarray(own), count, input_shape)
        elif own.shape[1] != widths.get(operation):
            raise _unfit(f"operation {operation} with {own.shape[1]} numbers")
        elif operation == recorded_operations.RESAMPLE:
            sides = np.array([*input_shape[1:], 1], np.float64)
            reach = (
                np.abs(recorded_operations.from_bits(own).reshape(count, 2, 3)) @ sides
            )
            if not reach.max(initial=0) < FAR_POSITION:  # false for NaN
                raise _unfit("positions far outside the image")


def check_mixture(
    mixture: Mixture, own: recorded_operations.Recorded | None, input_shape: Shape
) -> None:
    """ShapeError unless a mixture fits a batch with these operations of its `own`."""
    _check_is_image("Mixtures change images", input_shape)
    rows, shares, blend, corners, recorded = mixture
    count = len(rows)
    kinds = [f"{each.dtype} {each.shape}" for each in (shares, blend, corners)]
    are_wrong = kinds != [f"float32 ({count},)"] * 2 + [f"int64 ({count}, 4)"]
    if are_wrong or not shares.flags.c_contiguous:
        raise _unfit(f"a mixture of {', '.join(kinds)} for {count} images")
    if not all((part >= 0).all() and (part <= 1).all() for part in (shares, blend)):
        raise _unfit("shares outside of 0 to 1")
    first, last = corners[:, ::2], corners[:, 1::2]
    if not ((first >= 0) & (first <= last) & (last <= input_shape[1:])).all():
        raise _unfit("rectangles outside the images")
    if recorded is not None:
        check_recorded(recorded, count, input_shape)
    steps, second = (None if r is None else r.steps.tolist() for r in (own, recorded))
    if steps != second:
        raise _unfit("other operations for the second images")


def check_views(views: NumpyArray, count: int, input_shape: Shape) -> None:
    """ShapeError unless every pixel that a view reads lies in its image."""
    _check_is_image("Views move the pixels of images", input_shape)
    is_table = views.dtype == "int64" and views.flags.c_contiguous
    if not is_table or views.ndim != 2 or len(views) != count or views.shape[1] < 7:
        raise ShapeError(
            f"A batch takes views as int64 numbers, a row for each of its {count} "
            f"images, got {views.shape} of {views.dtype}. Use "
            "handgrad.augmentation.source_coordinates.Views."
        )
    # larger numbers would overflow below
    is_near = views.min(initial=0) >= -FAR and views.max(initial=0) <= FAR
    if not is_near or not _are_inside(views, input_shape):
        raise ShapeError(
            "A batch takes views that show pixels of their images only, got some that "
            "lie outside. Use handgrad.augmentation.source_coordinates.Views."
        )


def _are_inside(views: NumpyArray, input_shape: Shape) -> bool:
    _, height, width = input_shape
    top, left, sign, up, down, near, far = views[:, :7].T
    is_framed = (up >= 0) & (up <= down) & (down <= height)
    is_framed &= (near >= 0) & (near <= far) & (far <= width) & (abs(sign) == 1)
    ends = (left + sign * near, left + sign * (far - 1))
    is_inside = (top + up >= 0) & (top + down <= height)
    is_inside &= (np.minimum(*ends) >= 0) & (np.maximum(*ends) < width)
    is_empty = (up == down) | (near == far)
    return bool((is_framed & (is_inside | is_empty)).all())


def _check_is_image(what: str, input_shape: Shape) -> None:
    if len(input_shape) != 3:
        raise ShapeError(
            f"{what}, got vectors of shape {input_shape}. Leave the augmentation out."
        )


def _unfit(found: str) -> ShapeError:
    return ShapeError(
        f"A batch takes operations recorded for its own images, got {found}. Use "
        "handgrad.augmentation.recorded_operations.Pipeline."
    )
