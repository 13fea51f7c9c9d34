"""Labelled images of a folder or a zip whose classes are known beforehand.

The class of an image is the innermost of its folders that has the name of a class:
`new/cat/1.png`, `new/test/cat/1.png` and `new/cat/june/1.png` are cats, even if the
folder `new/cat` itself is given. There are no splits, and a single class is enough.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets.dataset import Dataset, Split, checksum_of
from handgrad.datasets.deep_images import new_bit_depth
from handgrad.datasets.image_cache import DIGITS
from handgrad.datasets.image_decoding import depth_of_all, quiet_decoder
from handgrad.datasets.image_files import (
    BROKEN,
    ImageFile,
    in_words,
)
from handgrad.datasets.image_fit import USUAL, Fit
from handgrad.datasets.image_folder import decode_files, open_images
from handgrad.datasets.layout_checks import unread
from handgrad.datasets.unreadable_images import all_bad, warn_of
from handgrad.errors import DatasetError, warn
from handgrad.free_memory import check_memory
from handgrad.text import composed, decoded, number_of, some

NAMED = 12  # class names listed in an error


def labelled_images(
    path: Path,
    class_names: Sequence[str],
    shape: Shape,
    progress: Any = None,
    bit_depth: int | None = None,
    *,
    fit: Fit = USUAL,
    skip_bad: bool = False,
) -> Dataset:
    """Load every image with its class, as a training split fitted to `shape`.

    `bit_depth` is that of the training images: see `new_bit_depth`.

    DatasetError for an image of no known class, if there are no images, and for
    images that cannot be read, unless `skip_bad`: then a HandgradWarning names them.

    Shapes
        shape  (channels, height, width)
    """
    with open_images(path) as encoded:
        files = encoded.sorted_files()
        if not files:
            said, step = unread(encoded.ignored)
            held = f", but {said}. {step}" if said else ". Give another folder or zip"
            raise DatasetError(f"{path} holds no images{held}.")
        if broken := encoded.passed_over[BROKEN]:
            said = in_words({BROKEN: broken})
            warn(f"{path}: {said}.")
        targets = targets_of(files, class_names, path)
        what = f"Decoding {number_of(len(files), 'image')}"
        check_memory(len(files) * int(np.prod(shape)), what)
        images = np.empty((len(files), *shape), np.uint8)
        needed = depth_of_all(encoded.read, [file.name for file in files])
        depth = new_bit_depth(needed, bit_depth, str(path))
        with quiet_decoder():
            sums, bad = decode_files(
                encoded, files, path, images, depth, progress, fit=fit
            )
    whole = Split(images, targets)
    if bad:
        if not skip_bad or len(bad) == len(files):
            raise all_bad(bad, len(files))
        warn_of(dict(sorted(bad.items())), len(files))
        whole = whole.take(np.flatnonzero([file.name not in bad for file in files]))
    return Dataset(
        path.name,
        whole,
        None,
        tuple(class_names),
        checksum_of(whole),
        files={
            file.name: f"{file.size}:{digest[:DIGITS]}"
            for file, digest in zip(files, sums, strict=True)
            if file.name not in bad
        },
    )


def targets_of(
    files: Sequence[ImageFile], class_names: Sequence[str], source: Path
) -> NumpyArray:
    """Return the class number of each file, from its folders, (count,), int64."""
    numbers = {composed(name): number for number, name in enumerate(class_names)}
    targets = []
    for file in files:
        folders = [decoded(part) for part in (composed(source.stem), *file.parts[:-1])]
        known = [numbers[name] for name in folders if name in numbers]
        if not known:
            raise DatasetError(
                f"{source}: {decoded(file.name)} is not in a folder named after a "
                f"class of the network ({some(class_names, NAMED)}). Rename its "
                "folder, or remove the file."
            )
        targets.append(known[-1])
    return np.array(targets, dtype=np.int64)
