"""What compiled code cannot refuse: arrays of the wrong kind, numbers out of range."""

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.engine.engine import Batch
from handgrad.errors import DatasetError, ShapeError


class BatchCheck:
    """Looks at each batch; at a whole set's images and targets only once."""

    def __init__(self, input_shape: Shape, classes: int) -> None:
        self.input_shape, self.classes = input_shape, classes
        self._seen: tuple[NumpyArray | None, NumpyArray | None] = (None, None)

    def __call__(self, batch: Batch) -> None:
        """ShapeError or DatasetError unless kernels may read the batch."""
        if self._seen[0] is not batch.images or self._seen[1] is not batch.targets:
            self._check_set(batch)
            self._seen = (batch.images, batch.targets)
        for name in ("rows", "examples"):
            array = getattr(batch, name)
            if array.dtype != "int64" or not array.flags.c_contiguous:
                raise ShapeError(
                    f"A batch takes {name} as int64 numbers side by side, got "
                    f"{array.dtype}. Use numpy.ascontiguousarray({name}, dtype=int)."
                )
        if batch.rows.min() < 0 or batch.rows.max() >= len(batch.images):
            raise ShapeError(
                f"A batch takes rows from 0 to {len(batch.images) - 1}, got "
                f"{batch.rows.min()} to {batch.rows.max()}. Give rows of its images."
            )

        if batch.views is not None:
            self._check_views(batch.views, len(batch))

    def _check_views(self, views: NumpyArray, count: int) -> None:
        """Every pixel that a view shows must lie in its image."""
        _, height, width = self.input_shape
        is_table = views.dtype == "int64" and views.flags.c_contiguous
        if not is_table or views.ndim != 2 or len(views) != count:
            raise ShapeError(
                f"A batch takes views as int64 numbers, a row for each of its {count} "
                f"images, got {views.shape} of {views.dtype}. Use "
                "handgrad.augmentation.views.Views."
            )
        top, left, sign, up, down, near, far = views[:, :7].T
        is_framed = (up >= 0) & (up <= down) & (down <= height)
        is_framed &= (near >= 0) & (near <= far) & (far <= width) & (abs(sign) == 1)
        ends = (left + sign * near, left + sign * (far - 1))
        is_inside = (top + up >= 0) & (top + down <= height)
        is_inside &= (np.minimum(*ends) >= 0) & (np.maximum(*ends) < width)
        is_empty = (up == down) | (near == far)
        if not (is_framed & (is_inside | is_empty)).all():
            raise ShapeError(
                "A batch takes views that show pixels of their images only, got some "
                "that lie outside. Use handgrad.augmentation.views.Views."
            )

    def _check_set(self, batch: Batch) -> None:
        images, targets = batch.images, batch.targets
        if images.dtype != "uint8" or images.shape[1:] != self.input_shape:
            raise ShapeError(
                f"The network takes images of shape {('count', *self.input_shape)} as "
                f"bytes (uint8), got {images.shape} of {images.dtype}. Resize "
                "them; the network scales them itself."
            )
        if not (images.flags.c_contiguous and targets.flags.c_contiguous):
            raise ShapeError(
                "A batch takes images and targets side by side in memory, got a view "
                "with gaps. Copy it with numpy.ascontiguousarray."
            )
        if targets.dtype != "int64" or len(targets) != len(images):
            raise ShapeError(
                f"A batch takes one int64 target for each of {len(images)} images, got "
                f"{len(targets)} of {targets.dtype}. Convert them with astype('int64')."
            )
        if targets.min() < 0 or targets.max() >= self.classes:
            raise DatasetError(
                f"The network has {self.classes} classes, so targets go from 0 to "
                f"{self.classes - 1}, got {targets.min()} to {targets.max()}. Give the "
                "model as many classes as the data."
            )
