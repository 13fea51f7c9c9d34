"""The augmented batch of a step, in the way that costs least."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.augmentation import Augmentation
from handgrad.augmentation.mixture import Mixer, is_mixer, only_mixer
from handgrad.augmentation.recorded_operations import (
    Pipeline,
    Recorded,
    is_recordable,
)
from handgrad.augmentation.source_coordinates import Views, is_movable
from handgrad.datasets.dataset import Split
from handgrad.engine.engine import Batch
from handgrad.errors import ShapeError
from handgrad.randomness import Key

Changes = dict[str, Any]  # augmentations by their number in the list


def augmented(
    split: Split,
    augmentation: Sequence[Augmentation | Mixer],
    rows: NumpyArray,
    key: Key,
) -> Batch:
    """The batch of these `rows` of a `split`, augmented by draws from `key`.

    Shifts, flips and erased rectangles are views, all operations of the library are
    recorded: both for the engine, which changes each image on its way in. Where there
    is an augmentation of another kind, the images are changed by `apply`, all at once.
    Mixing comes last, wherever it stands; second images are augmented as they would be
    in a batch of this step.
    """
    place = only_mixer(augmentation)
    changes: Changes = {str(n): change for n, change in enumerate(augmentation)}
    if place is not None:
        mixing = changes.pop(str(place))
        return _mixed(split, changes, mixing, rows, key, key.child(str(place)))
    if not changes:
        return Batch(split.images, split.targets, rows, rows, None, split.weights)
    if all(map(is_movable, changes.values())):
        views = Views(len(rows), *split.images.shape[2:])
        for number, change in changes.items():
            change.view(views, key.child(number))
        table = views.table
        return Batch(split.images, split.targets, rows, rows, table, split.weights)
    if all(map(is_recordable, changes.values())):
        recorded, weights = _recorded(split, changes, key, len(rows)), split.weights
        return Batch(split.images, split.targets, rows, rows, None, weights, recorded)
    return _copied(split, changes, [(rows, key)])


def operations_of(split: Split, augmentation: Sequence[Augmentation | Mixer]) -> int:
    """The number of recorded operations of each batch."""
    if not all(is_recordable(each) or is_mixer(each) for each in augmentation):
        return int(only_mixer(augmentation) is not None)
    first = np.zeros(1, np.int64)
    return augmented(split, augmentation, first, Key(0).at(1, first)).operations


def _mixed(
    split: Split,
    changes: Changes,
    mixing: Mixer,
    rows: NumpyArray,
    key: Key,
    mixing_key: Key,
) -> Batch:
    """The batch with a second image for each, drawn from the whole split."""
    count = len(rows)
    mixture = mixing.mixture(mixing_key, count, len(split), split.image_shape)
    their_key = key.at(key.step, mixture.rows)
    if all(map(is_recordable, changes.values())):
        own, other = (_recorded(split, changes, k, count) for k in (key, their_key))
        mixture = mixture._replace(recorded=other)
        arrays = split.images, split.targets, rows, rows, None, split.weights, own
        return Batch(*arrays, mixture)
    batch = _copied(split, changes, [(rows, key), (mixture.rows, their_key)])
    mixture = mixture._replace(rows=np.arange(count, 2 * count))
    return replace(batch, mixture=mixture)


def _recorded(split: Split, changes: Changes, key: Key, count: int) -> Recorded:
    pipeline = Pipeline(count, split.images)
    for number, change in changes.items():
        pipeline.add(change, key.child(number))
    return pipeline.recorded()


def _applied(change: Augmentation, images: NumpyArray, key: Key) -> NumpyArray:
    """The changed images; ShapeError unless they have the same shape and dtype."""
    made: Any = change.apply(images, key)
    got = f"{getattr(made, 'dtype', type(made).__name__)} {np.shape(made)}"
    if not isinstance(made, np.ndarray) or got != f"{images.dtype} {images.shape}":
        raise ShapeError(
            f"apply of {type(change).__name__} returned {got}, expected an array of "
            f"{images.dtype} {images.shape}. Return the changed images."
        )
    return made


def _copied(
    split: Split, changes: Changes, drawn: Sequence[tuple[NumpyArray, Key]]
) -> Batch:
    """A batch of the first rows, with images changed by `apply`; the others follow."""
    found = []
    for rows, key in drawn:
        images = split.images[rows]
        for number, change in changes.items():
            images = _applied(change, images, key.child(number))
        found.append(images)
    images = np.ascontiguousarray(np.concatenate(found))
    every = np.concatenate([rows for rows, _ in drawn])
    weights = None if split.weights is None else split.weights[every]
    first = drawn[0][0]
    places = np.arange(len(first))
    return Batch(images, split.targets[every], places, first, weights=weights)
