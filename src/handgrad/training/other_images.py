"""Load other images of the classes that a network was trained on."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from handgrad import datasets
from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets import Dataset, Split
from handgrad.datasets.array_file import ARRAY_FILE
from handgrad.datasets.deep_images import new_bit_depth, warn_of_depth
from handgrad.datasets.image_fit import Fit
from handgrad.datasets.resize import resize_images
from handgrad.errors import DatasetError
from handgrad.text import composed, one_line
from handgrad.training.config import RunConfig

NAMED = 12  # class names that an error lists
LUMA = np.array([19595, 38470, 7471], dtype=np.uint32)  # / 65,536: Pillow's weights


def whole_images(
    config: RunConfig, name: str, data_dir: Path | None, progress: Any
) -> Dataset:
    """Load a folder, a zip or a data set as one split; classes are matched by name.

    They are converted to the size and channels that the network takes, as single images
    are for a prediction. DatasetError for an image of an unknown class.
    """
    resolved = config.resolved
    assert resolved is not None, "the configuration is not resolved"
    path = Path(os.path.expanduser(name))
    how = {
        "label_from": config.dataset.label_from,
        "skip_bad": config.dataset.skip_bad,
        "bit_depth": resolved.bit_depth,
        "fit": config.fit,
    }
    found = _in_format(path, resolved.input_shape, progress, how)
    if found is None and len(resolved.input_shape) == 3 and _holds_pictures(path):
        from handgrad.datasets.labelled_images import labelled_images

        names, shape = resolved.class_names, resolved.input_shape
        skip = config.dataset.skip_bad
        depth = resolved.bit_depth
        return labelled_images(
            path, names, shape, progress, depth, fit=config.fit, skip_bad=skip
        )
    found = found or datasets.load(name, data_dir=data_dir, progress=progress)
    splits = found.train, found.validation, found.test
    parts = [part for part in splits if part is not None]
    whole = Split(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.targets for part in parts]),
    )
    alone = replace(found, train=whole, validation=None, test=None)
    return as_trained(alone, config)


def as_trained(found: Dataset, config: RunConfig) -> Dataset:
    """Convert all splits to the network's class numbers, size and channels."""
    resolved = config.resolved
    assert resolved is not None, "the configuration is not resolved"
    numbers = class_numbers(found, resolved.class_names)
    if found.bit_depth not in (None, resolved.bit_depth):
        warn_of_depth(found.bit_depth, resolved.bit_depth, found.name)

    def converted(split: Split | None) -> Split | None:
        if split is None:
            return None
        images = as_shape(split.images, resolved.input_shape, config.fit)
        return Split(images, numbers[split.targets])

    train = converted(found.train)
    assert train is not None
    return replace(
        found,
        train=train,
        validation=converted(found.validation),
        test=converted(found.test),
        class_names=resolved.class_names,
    )


def bit_depth_for(config: RunConfig, paths: Sequence[Path], name: str) -> int:
    """The number of bits used of these image files: as in training, or more.

    Unreadable files are ignored. If more bits are used, a HandgradWarning that starts
    with `name` reports it.
    """
    from handgrad.datasets.image_decoding import content_of, depth_of_all

    resolved = config.resolved
    assert resolved is not None, "the configuration is not resolved"
    return new_bit_depth(depth_of_all(content_of, paths), resolved.bit_depth, name)


def class_numbers(found: Dataset, known: Sequence[str]) -> NumpyArray:
    """Map the classes of a data set to the network's numbers, (classes,), int64."""
    places = {composed(name): place for place, name in enumerate(known)}
    unknown = [name for name in found.class_names if composed(name) not in places]
    if unknown:
        raise DatasetError(
            f"{found.name} has classes that the network was not trained on: "
            f"{some(unknown)} is none of {some(known)}. Give images of the same "
            "classes, with the same names."
        )
    return np.array([places[composed(name)] for name in found.class_names])


def as_shape(images: NumpyArray, shape: Shape, fit: Fit) -> NumpyArray:
    """Convert images (count, channels, height, width) to the channels and size given.

    Inputs other than images of 1 or 3 channels are returned unchanged.
    """
    if images.ndim != 4 or len(shape) != 3 or images.dtype != np.uint8:
        return images
    if images.shape[1] == 3 and shape[0] == 1:
        images = grey_of(images)
    resized = resize_images(images, shape[1:], fit)
    if images.shape[1] == 1 and shape[0] == 3:
        resized = np.repeat(resized, 3, axis=1)
    return resized


def grey_of(images: NumpyArray) -> NumpyArray:
    """Convert RGB to grey, (count, 1, height, width), with Pillow's formula."""
    wide = np.tensordot(images.astype(np.uint32), LUMA, axes=(1, 0)) + 0x8000
    grey: NumpyArray = (wide >> 16).astype(np.uint8)[:, None]
    return grey


def _in_format(
    path: Path, shape: Shape, progress: Any, how: dict[str, Any]
) -> Dataset | None:
    """Load a path in one of the formats that contain the classes, else None."""
    if not path.exists() or path.name == ARRAY_FILE:
        return None
    from handgrad.datasets.formats.load_formats import load_whole

    size = (shape[1], shape[2]) if len(shape) == 3 else None
    return load_whole(path, image_size=size, progress=progress, **how)


def _holds_pictures(path: Path) -> bool:
    """Return whether the path is a folder or a zip of image files."""
    if not path.exists() or path.name == ARRAY_FILE:
        return False
    from handgrad.datasets.image_folder import open_images

    try:
        with open_images(path) as pictures:
            return bool(pictures.sorted_files())
    except DatasetError:
        return False


def some(names: Sequence[str]) -> str:
    """The first dozen names, as text."""
    listed = ", ".join(map(one_line, names[:NAMED]))
    return listed + (", ..." if len(names) > NAMED else "")
