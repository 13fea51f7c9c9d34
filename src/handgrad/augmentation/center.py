"""The centre of each image instead of the whole, or beside it, in prediction."""

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
Answers = Callable[[Images], Float32[NumpyArray, "batch classes"]]


def center_crop(images: Images, fraction: float) -> Images:
    """The central part of each image, resized to the whole size.

    ConfigError for a `fraction` that is not from 0.1 to 1.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  like images

    Equations
        the position p of the outputs shows  centre + fraction * (p - centre)
        read by bilinear interpolation, see `random_affine`

    Units
        fraction  of the height and of the width

    Source
        Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep
        convolutional neural networks, section 4.1 (224 of 256 pixels).
    """
    (b, up, down), (a, left, right) = center_places(fraction, *images.shape[2:])
    outputs, b = np.empty_like(images), b[:, None]
    for start in range(0, len(images), GROUP):
        group = images[start : start + GROUP]
        rows = (1 - a) * group.take(left, 3) + a * group.take(right, 3)
        crops = (1 - b) * rows.take(up, 2) + b * rows.take(down, 2)
        outputs[start : start + GROUP] = as_pixels(crops, images.dtype)
    return outputs


def center_places(fraction: float, height: int, width: int) -> tuple[Places, Places]:
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
    return (
        neighbours(affine[0, 0] * rows + affine[0, 2], height),
        neighbours(affine[1, 1] * columns + affine[1, 2], width),
    )


def logits_of_center(
    answers: Answers, images: Images, fraction: float | Sequence[float]
) -> Float32[NumpyArray, "batch classes"]:
    """The logits of the central part of each image, or their mean over several parts.

    `answers` is the network: a function from images to logits. Use it for a network
    that was trained with `RandomResizedCrop`, which enlarges what it shows: objects
    then have about the same size in prediction as they had in training. Several
    fractions, such as (1, 0.8), show them in several sizes and take as many times
    longer. ConfigError for none, and for one that is not from 0.1 to 1.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  (batch, classes), float32

    Equations
        logits = mean over the fractions of answers(center_crop(images, fraction))

    Units
        fraction  of the height and of the width, see `center_crop`

    Source
        Touvron, Vedaldi, Douze, Jegou (2019), Fixing the train-test resolution
        discrepancy, section 3; Simonyan, Zisserman (2014), Very deep convolutional
        networks for large-scale image recognition, section 3.2 (several scales).
    """
    first, *others = as_fractions(fraction)
    logits = _of_one(answers, images, first)
    for other in others:
        logits = logits + _of_one(answers, images, other)
    return logits * np.float32(1 / (1 + len(others))) if others else logits


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


def _of_one(answers: Answers, images: Images, fraction: float) -> NumpyArray:
    if fraction == 1:
        return answers(images)
    parts = range(0, max(len(images), 1), PART)
    found = [
        answers(center_crop(images[start : start + PART], fraction)) for start in parts
    ]
    return np.concatenate(found)
