"""Near-duplicates and uniform images in a collection of images."""

from typing import NamedTuple

import numpy as np

from handgrad.arrays import NumpyArray

SIDE = 16  # of the thumbnails that are compared
BLOCK = 1024  # images compared at once
SIMILARITY = 0.99  # correlation from which two images are near-duplicates
FLAT = 3  # levels between darkest and brightest of a uniform image, of 256


class Duplicate(NamedTuple):
    """Two images that are nearly the same.

    Units
        first, second  numbers of the images, counted from 0; first < second
        similarity     correlation of their thumbnails, from -1 to 1
        is_exact       whether all pixels are equal
    """

    first: int
    second: int
    similarity: float
    is_exact: bool


def near_duplicates(
    images: NumpyArray, similarity: float = SIMILARITY
) -> list[Duplicate]:
    """For each image the most similar one before it, if it is a near-duplicate.

    Images are averaged to 16 x 16 pixels, and compared by correlation, which ignores
    brightness and contrast: copies that were compressed again, resized or brightened
    are found, shifted and cropped ones are not. Grey thumbnails decide which image is
    the most similar, all channels whether it is a near-duplicate. Uniform images are
    left out. The cost is count^2 * 256 multiply-adds.

    Shapes
        images  (count, channels, height, width), uint8 or float32
    """
    if not len(images):
        return []
    every = thumbnails(images)
    grey = _standardized(every.mean(axis=1))
    full = _standardized(every)
    usable = ~uniform(images)
    found = []
    for start in range(0, len(images), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(images)))
        products = grey[rows] @ grey[: rows[-1] + 1].T
        is_before = np.arange(rows[-1] + 1) < rows[:, None]
        products[~(is_before & usable[: rows[-1] + 1])] = -np.inf
        best = products.argmax(axis=1)
        values = np.einsum("ij,ij->i", full[rows], full[best])
        is_near = (values >= similarity) & usable[rows] & (rows > 0) & usable[best]
        for place in np.flatnonzero(is_near & (best < rows)):
            first, second = int(best[place]), int(rows[place])
            is_exact = bool((images[first] == images[second]).all())
            found.append(Duplicate(first, second, float(values[place]), is_exact))
    return found


def uniform(images: NumpyArray) -> NumpyArray:
    """Whether an image has one colour, up to 3 of 256 levels, (count,), bool.

    Shapes
        images  (count, channels, height, width)
    """
    flat = images.reshape(*images.shape[:2], -1)
    spread = flat.max(axis=2).astype(np.float64) - flat.min(axis=2)
    limit = FLAT if images.dtype == np.uint8 else FLAT / 255
    found: NumpyArray = (spread <= limit).all(axis=1)
    return found


def thumbnails(images: NumpyArray, side: int = SIDE) -> NumpyArray:
    """Images averaged over areas to at most side x side pixels, float32.

    Shapes
        images  (count, channels, height, width)
        result  (count, channels, rows, columns)
    """
    height, width = images.shape[2:]
    down, across = _means(height, side), _means(width, side)
    found = np.empty((*images.shape[:2], len(down), len(across)), dtype=np.float32)
    for start in range(0, len(images), BLOCK):
        part = np.asarray(images[start : start + BLOCK], dtype=np.float32)
        found[start : start + BLOCK] = down @ part @ across.T
    return found


def _means(count: int, side: int) -> NumpyArray:
    """The matrix (min(side, count), count) that averages over equal areas."""
    edges = np.linspace(0, count, min(side, count) + 1)
    pixels = np.arange(count)
    inside = np.minimum(edges[1:, None], pixels + 1) - np.maximum(
        edges[:-1, None], pixels
    )
    weights = np.clip(inside, 0, None)
    found: NumpyArray = (weights / weights.sum(axis=1, keepdims=True)).astype(
        np.float32
    )
    return found


def _standardized(values: NumpyArray) -> NumpyArray:
    """Rows with mean 0 and length 1; rows of equal values become 0."""
    flat = values.reshape(len(values), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    found: NumpyArray = flat / np.maximum(lengths, 1e-6)
    return found
