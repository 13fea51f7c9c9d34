"""Parts of each image, and shifted images, instead of the whole in prediction."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float32

from handgrad.arrays import NumpyArray
from handgrad.augmentation.pixel_values import as_pixels
from handgrad.augmentation.resample import about_the_centre, neighbours
from handgrad.augmentation.source_coordinates import Images
from handgrad.errors import ConfigError
from handgrad.ranges import check_between

LEAST = 0.1  # of the sides
GROUP = 16  # images resampled at a time, so that they stay in the cache
PART = 256  # images resampled at a time, so that a whole split is never copied

Places: TypeAlias = tuple[NumpyArray, NumpyArray, NumpyArray]
View: TypeAlias = tuple[float, int]  # part of the sides, and shift in pixels
Answers = Callable[[Images], Float32[NumpyArray, "batch classes"]]


def center_crop(images: Images, fraction: float, shift: int = 0) -> Images:
    """The central part of each image, resized to the whole size, or one beside it.

    ConfigError for a `fraction` that is not from 0.1 to 1.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  like images

    Equations
        the position p of the outputs shows  centre + fraction * (p - centre) + shift
        read by bilinear interpolation, see `random_affine`

    Units
        fraction  of the height and of the width
        shift     pixels down and to the right that the part is moved

    Source
        Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep
        convolutional neural networks, section 4.1 (224 of 256 pixels).
    """
    height, width = images.shape[2:]
    (b, up, down), (a, left, right) = center_places(fraction, height, width, shift)
    outputs, b = np.empty_like(images), b[:, None]
    for start in range(0, len(images), GROUP):
        group = images[start : start + GROUP]
        rows = (1 - a) * group.take(left, 3) + a * group.take(right, 3)
        crops = (1 - b) * rows.take(up, 2) + b * rows.take(down, 2)
        outputs[start : start + GROUP] = as_pixels(crops, images.dtype)
    return outputs


def center_places(
    fraction: float, height: int, width: int, shift: int = 0
) -> tuple[Places, Places]:
    """What `center_crop` reads for each row, and for each column.

    ConfigError for a `fraction` that is not from 0.1 to 1.

    Shapes
        places  three of (height,) or (width,): the fraction beyond the pixel before,
                float32, that pixel and the next, int64
    """
    check_between("center_crop", "fraction", fraction, LEAST, 1)
    linear = float(fraction) * np.eye(2)[None]
    affine = about_the_centre(linear, (height, width))[0]
    rows, columns = (np.arange(size, dtype=np.float32) for size in (height, width))
    top, left = affine[:, 2] + np.float32(shift)
    return (
        neighbours(affine[0, 0] * rows + top, height),
        neighbours(affine[1, 1] * columns + left, width),
    )


def logits_of_center(
    answers: Answers,
    images: Images,
    fraction: float | Sequence[float] = 1.0,
    shift: int = 0,
) -> Float32[NumpyArray, "batch classes"]:
    """The logits of the central part of each image, or their mean over several views.

    `answers` is the network: a function from images to logits. Use it for a network
    that was trained with `RandomResizedCrop`, which enlarges what it shows: objects
    then have about the same size in prediction as they had in training. Several
    fractions, such as (1, 0.8), show them in several sizes and take as many times
    longer. With a `shift` each part is seen twice, moved along the diagonal and back,
    and not in the middle: for a network that was trained with `RandomCrop`. ConfigError
    for no fraction, and for one that is not from 0.1 to 1.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  (batch, classes), float32

    Equations
        logits = mean over the fractions, and over shift and -shift, of
                 answers(center_crop(images, fraction, shift))

    Units
        fraction  of the height and of the width, see `center_crop`
        shift     pixels, 0 for none

    Source
        Touvron, Vedaldi, Douze, Jegou (2019), Fixing the train-test resolution
        discrepancy, section 3; Simonyan, Zisserman (2014), Very deep convolutional
        networks for large-scale image recognition, section 3.2 (several scales).
    """
    first, *others = views_of(fraction, shift)
    logits = _of_one(answers, images, *first)
    for other in others:
        logits = logits + _of_one(answers, images, *other)
    return logits * np.float32(1 / (1 + len(others))) if others else logits


def views_of(fraction: Any, shift: int) -> tuple[View, ...]:
    """The fraction and the shift of each view of an image that is seen."""
    shifts = (shift, -shift) if shift else (0,)
    return tuple((part, each) for part in as_fractions(fraction) for each in shifts)


def as_fractions(fraction: Any) -> tuple[float, ...]:
    """One fraction, or several, as a tuple; ConfigError for none and for others."""
    values = fraction.tolist() if isinstance(fraction, np.ndarray) else fraction
    fractions = tuple(values) if isinstance(values, list | tuple) else (values,)
    for each in fractions:
        check_between("logits_of_center", "fraction", each, LEAST, 1)
    if not fractions:
        raise ConfigError(
            "logits_of_center takes at least one fraction, got none. Give one, such "
            "as 0.875."
        )
    return fractions


def _of_one(
    answers: Answers, images: Images, fraction: float, shift: int
) -> NumpyArray:
    if (fraction, shift) == (1, 0):
        return answers(images)
    parts = range(0, max(len(images), 1), PART)
    found = [
        answers(center_crop(images[start : start + PART], fraction, shift))
        for start in parts
    ]
    return np.concatenate(found)
