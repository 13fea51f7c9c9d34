"""Whether the views of a batch show pixels of their images only."""

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.errors import ShapeError

FAR = 2**31  # pixels: no image is so large


def check_views(views: NumpyArray, count: int, input_shape: Shape) -> None:
    """Every pixel that a view shows must lie in its image; ShapeError."""
    if len(input_shape) != 3:
        raise ShapeError(
            f"Views move the pixels of images, got vectors of shape {input_shape}. "
            "Leave the augmentation out."
        )
    _, height, width = input_shape
    is_table = views.dtype == "int64" and views.flags.c_contiguous
    if not is_table or views.ndim != 2 or len(views) != count or views.shape[1] < 7:
        raise ShapeError(
            f"A batch takes views as int64 numbers, a row for each of its {count} "
            f"images, got {views.shape} of {views.dtype}. Use "
            "handgrad.augmentation.source_coordinates.Views."
        )
    if views.min(initial=0) < -FAR or views.max(initial=0) > FAR:  # sums would wrap
        raise outside()
    top, left, sign, up, down, near, far = views[:, :7].T
    is_framed = (up >= 0) & (up <= down) & (down <= height)
    is_framed &= (near >= 0) & (near <= far) & (far <= width) & (abs(sign) == 1)
    ends = (left + sign * near, left + sign * (far - 1))
    is_inside = (top + up >= 0) & (top + down <= height)
    is_inside &= (np.minimum(*ends) >= 0) & (np.maximum(*ends) < width)
    is_empty = (up == down) | (near == far)
    if not (is_framed & (is_inside | is_empty)).all():
        raise outside()


def outside() -> ShapeError:
    """Said of views that reach beyond their images."""
    return ShapeError(
        "A batch takes views that show pixels of their images only, got some that lie "
        "outside. Use handgrad.augmentation.source_coordinates.Views."
    )
