"""Resizing of images in arrays, as images of files are fitted (uint8)."""

from dataclasses import replace
from functools import lru_cache
from math import prod

import numpy as np

from handgrad.arrays import NumpyArray, Pair, Shape
from handgrad.datasets.dataset import Dataset, Split
from handgrad.datasets.image_fit import USUAL, Fit, fitted
from handgrad.free_memory import check_memory

SMALL = 4 << 20  # bytes of images whose resized copies are kept


def resize_images(images: NumpyArray, size: Pair, fit: Fit = USUAL) -> NumpyArray:
    """Resize images (count, channels, height, width) to another height and width."""
    if images.shape[2:] == size:
        return images
    needed = prod(images.shape[:2]) * prod(size)
    check_memory(needed, "Resizing the images")
    if max(needed, images.nbytes) <= SMALL:
        return _of_few(images.tobytes(), images.shape, size, fit).copy()
    return _resized(images, size, fit)


@lru_cache(maxsize=4)
def _of_few(pixels: bytes, shape: Shape, size: Pair, fit: Fit) -> NumpyArray:
    """Resized images, kept for the next run: the built-in digits take 0.1 s."""
    return _resized(np.frombuffer(pixels, np.uint8).reshape(shape), size, fit)


def _resized(images: NumpyArray, size: Pair, fit: Fit) -> NumpyArray:
    from PIL import Image

    resized = np.empty((*images.shape[:2], *size), dtype=np.uint8)
    for source, target in zip(images, resized, strict=True):
        for channel, plane in zip(source, target, strict=True):
            image = Image.fromarray(np.ascontiguousarray(channel))
            plane[...] = np.asarray(fitted(image, size, fit))
    return resized


def resize_split(split: Split, size: Pair, fit: Fit = USUAL) -> Split:
    """Return a split with its images resized."""
    return Split(resize_images(split.images, size, fit), split.targets)


def resize_dataset(dataset: Dataset, size: Pair, fit: Fit = USUAL) -> Dataset:
    """Return the data set with its images resized to another height and width."""
    train, *others = (
        None if split is None else resize_split(split, size, fit)
        for split in (dataset.train, dataset.test, dataset.validation)
    )
    assert train is not None
    return replace(dataset, train=train, test=others[0], validation=others[1])
