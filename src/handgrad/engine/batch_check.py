"""Check the data of both engines: shapes, dtypes, counts, ranges, NaN."""

from math import inf
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets.dataset import Split, check_is_array
from handgrad.datasets.normalization import Normalization
from handgrad.engine import network_check
from handgrad.engine.augmentation_check import (
    check_mixture,
    check_recorded,
    check_views,
)
from handgrad.engine.engine import Batch
from handgrad.errors import DatasetError, ShapeError
from handgrad.layers.sequential import Sequential
from handgrad.losses.loss import Loss, check_takes_soft_targets, check_takes_weights

CHUNK = 1 << 18  # numbers checked at once: they stay in a cache
KINDS = {"uint8": "bytes (uint8)", "float32": "float32"}
HINTS = {
    "uint8": "Resize them; the network scales them itself.",
    "float32": "Resize them, or convert them with astype('float32').",
}


class BatchCheck:
    """Checks a whole set once, and the rows, targets and weights of each batch.

    The constructor checks the network itself, and its normalization. Targets and
    weights are checked for each batch, since they may have been changed in place.
    """

    def __init__(
        self,
        model: Sequential,
        input_shape: Shape,
        normalization: Normalization,
        input_dtype: str = "uint8",
        loss: Loss[Any] | None = None,
    ) -> None:
        self.input_dtype = network_check.read_dtype(input_dtype)
        self.input_shape = network_check.read_shape(input_shape)
        network_check.check_channels(self.input_shape, normalization)
        self.normalization, self.loss = normalization, loss
        outputs = network_check.check_network(model, self.input_shape)
        self.classes, self.last_layer = outputs.classes, outputs.last_layer
        self._seen: tuple[NumpyArray | None, ...] = (None, None, None)

    def __call__(self, batch: Batch) -> None:
        """ShapeError or DatasetError unless a step may read the batch."""
        arrays = (batch.images, batch.targets, batch.weights)
        if any(a is not b for a, b in zip(arrays, self._seen, strict=True)):
            self.split(Split(*arrays))
            self._seen = arrays
        self._check_rows(batch)
        self._check_augmentation(batch)
        for rows in all_rows(batch):
            if most_of(batch.targets[rows]) >= self.classes:
                self._check_targets(batch.targets, len(batch.images))
        weights = batch.example_weights()
        if weights is None or batch.weights is None:
            return
        if not (weights.min() >= 0 and weights.max() < inf):
            self._check_weights(batch.weights, len(batch.images))
        if not weights.any():
            raise DatasetError(
                f"The weights of the {len(batch)} examples of a batch are all 0, and a "
                "weighted mean takes one above 0. Leave out examples of weight 0, or "
                "use larger batches."
            )

    def split(self, split: Split) -> None:
        """ShapeError or DatasetError unless an engine can train on a whole set."""
        images = split.images
        self._check_kind(images)
        _check_contiguous("images", images)
        self.labels(split)
        self._check_finite(images)

    def labels(self, split: Split) -> None:
        """ShapeError or DatasetError unless targets and weights fit the inputs."""
        count = len(split.images)
        if not count:
            raise DatasetError(
                "A split takes at least one example, got none. Add some."
            )
        self._check_targets(split.targets, count)
        if split.weights is not None:
            self._check_weights(split.weights, count)

    def inputs(self, images: NumpyArray) -> NumpyArray:
        """The same inputs, side by side in memory; ShapeError, DatasetError."""
        self._check_kind(images)
        side_by_side = np.ascontiguousarray(images)
        self._check_finite(side_by_side)
        return side_by_side

    def _check_targets(self, targets: NumpyArray, count: int) -> None:
        self._check_column("target", targets, count, "int64")
        least, most = int(targets.min(initial=0)), int(targets.max(initial=0))
        if least < 0:
            raise DatasetError(
                f"Targets are class numbers from 0 to {self.classes - 1}, got {least} "
                f"at row {int(targets.argmin())}. Number the classes from 0."
            )
        if most >= self.classes:
            raise ShapeError(
                f"{self.last_layer} gives {self.classes} logits, but targets go from "
                f"{int(targets.min())} to {most}. Give the last layer at least "
                f"{most + 1} outputs, one for each class."
            )

    def _check_weights(self, weights: NumpyArray, count: int) -> None:
        if self.loss is not None:
            check_takes_weights(self.loss)
        self._check_column("weight", weights, count, "float32")
        wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
        if len(wrong):
            raise DatasetError(
                "Weights are finite numbers from 0 up, got "
                f"{weights[wrong[0]]} at row {int(wrong[0])}. Replace it."
            )
        if count and not weights.any():
            raise DatasetError(
                f"The weights of all {count} examples are 0, and a weighted mean takes "
                "one above 0. Give some example a positive weight."
            )

    def _check_kind(self, images: NumpyArray) -> None:
        kind = f"{np.shape(images)} of {getattr(images, 'dtype', type(images))}"
        is_right = isinstance(images, np.ndarray) and images.dtype == self.input_dtype
        if not is_right or images.shape[1:] != self.input_shape or images.ndim == 0:
            what = "images" if len(self.input_shape) == 3 else "vectors"
            raise ShapeError(
                f"The network takes {what} of shape {('count', *self.input_shape)} as "
                f"{KINDS[self.input_dtype]}, got {kind}. {HINTS[self.input_dtype]}"
            )

    def _check_column(
        self, name: str, values: NumpyArray, count: int, dtype: str
    ) -> None:
        is_right = isinstance(values, np.ndarray) and values.dtype == dtype
        if not is_right or values.shape != (count,):
            raise ShapeError(
                f"A batch takes one {dtype} {name} for each of {count} images, got "
                f"{np.shape(values)} of {getattr(values, 'dtype', type(values))}. "
                f"Convert them with astype('{dtype}')."
            )
        _check_contiguous(f"{name}s", values)

    def _check_finite(self, images: NumpyArray) -> None:
        """DatasetError, by row and place, for the first NaN or infinity."""
        if self.input_dtype != "float32":
            return
        step = max(1, CHUNK // max(1, int(np.prod(self.input_shape))))
        for start in range(0, len(images), step):
            part = images[start : start + step]
            if not are_all_finite(part):
                row, *place = (int(at) for at in np.argwhere(~np.isfinite(part))[0])
                bad = images[(start + row, *place)]
                axes = ("channel", "row", "column")[-len(self.input_shape) :]
                names = zip(axes, place, strict=True)
                at = ", ".join(f"{axis} {number}" for axis, number in names)
                raise DatasetError(
                    f"Inputs are finite numbers, got {bad} in example {start + row}, "
                    f"{at}. Replace or remove it."
                )

    def _check_augmentation(self, batch: Batch) -> None:
        if batch.views is not None:
            check_views(batch.views, len(batch), self.input_shape)
        if batch.recorded is not None:
            check_recorded(batch.recorded, len(batch), self.input_shape)
        if batch.mixture is not None:
            check_mixture(batch.mixture, batch.recorded, self.input_shape)
            if self.loss is not None:
                check_takes_soft_targets(self.loss, "a batch")

    def _check_rows(self, batch: Batch) -> None:
        arrays = {"rows": batch.rows}
        if batch.rows is not batch.examples:
            arrays["examples"] = batch.examples
        if batch.mixture is not None:
            arrays["mixture.rows"] = batch.mixture.rows
        for name, array in arrays.items():
            check_is_array("A batch", name, array)
            is_right = array.dtype == "int64" and array.flags.c_contiguous
            if not is_right or array.shape != (len(batch),):
                raise ShapeError(
                    f"A batch takes {name} as int64 numbers side by side, one for each "
                    f"example, got {array.shape} of {array.dtype}. Use "
                    f"numpy.ascontiguousarray({name}, dtype=int)."
                )
        if not len(batch):
            raise ShapeError(
                "A batch takes at least one row, got none. Give rows of its images."
            )
        for rows in all_rows(batch):
            if most_of(rows) >= len(batch.images):
                raise ShapeError(
                    f"A batch takes rows from 0 to {len(batch.images) - 1}, got "
                    f"{rows.min()} to {rows.max()}. Give rows of its images."
                )


def _check_contiguous(name: str, array: NumpyArray) -> None:
    if not array.flags.c_contiguous:
        raise ShapeError(
            f"A batch takes {name} side by side in memory, got a view with gaps. "
            "Copy it with numpy.ascontiguousarray."
        )


def all_rows(batch: Batch) -> list[NumpyArray]:
    """The rows of a batch, and those of the images that are mixed with them."""
    return [batch.rows] if batch.mixture is None else [batch.rows, batch.mixture.rows]


def most_of(numbers: NumpyArray) -> int:
    """The largest of some int64 numbers; negative ones count as huge."""
    return int(np.maximum.reduce(numbers.view(np.uint64)))


def are_all_finite(array: NumpyArray) -> bool:
    """Whether no entry is NaN or infinite."""
    # a finite sum proves it in one fast pass; large finite entries may overflow it
    with np.errstate(all="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())
