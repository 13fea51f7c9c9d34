"""The augmented batch of a step, in the way that costs least."""

from collections.abc import Sequence

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.augmentation import Augmentation
from handgrad.augmentation.recorded_operations import Pipeline, is_recordable
from handgrad.augmentation.source_coordinates import Views, is_movable
from handgrad.datasets.dataset import Split
from handgrad.engine.engine import Batch
from handgrad.randomness import Key


def augmented(
    split: Split, augmentation: Sequence[Augmentation], rows: NumpyArray, key: Key
) -> Batch:
    """The batch of these `rows` of a `split`, augmented by draws from `key`.

    Shifts, flips and erased rectangles are views, all operations of the library are
    recorded: both for the engine, which changes each image on its way in. Where there
    is an augmentation of another kind, the images are changed by `apply`, all at once.
    """
    keys = [key.child(str(number)) for number in range(len(augmentation))]
    if not augmentation:
        return Batch(split.images, split.targets, rows, rows, None, split.weights)
    movable = [change for change in augmentation if is_movable(change)]
    if len(movable) == len(augmentation):
        views = Views(len(rows), *split.images.shape[2:])
        for movement, its_key in zip(movable, keys, strict=True):
            movement.view(views, its_key)
        table = views.table
        return Batch(split.images, split.targets, rows, rows, table, split.weights)
    if all(map(is_recordable, augmentation)):
        pipeline = Pipeline(len(rows), split.images)
        for change, its_key in zip(augmentation, keys, strict=True):
            pipeline.add(change, its_key)
        recorded, weights = pipeline.recorded(), split.weights
        return Batch(split.images, split.targets, rows, rows, None, weights, recorded)
    images = split.images[rows]
    for change, its_key in zip(augmentation, keys, strict=True):
        images = change.apply(images, its_key)
    weights = None if split.weights is None else split.weights[rows]
    places, images = np.arange(len(rows)), np.ascontiguousarray(images)
    return Batch(images, split.targets[rows], places, rows, weights=weights)
