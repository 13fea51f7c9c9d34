"""The centre of each image instead of the whole, in prediction."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32

from handgrad.arrays import NumpyArray
from handgrad.augmentation.pixel_values import as_pixels
from handgrad.augmentation.resample import about_the_centre, neighbours
from handgrad.augmentation.source_coordinates import Images
from handgrad.ranges import check_between

LEAST = 0.1  # of the sides
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
    upper, lower = (
        (1 - a) * rows[..., left] + a * rows[..., right]
        for rows in (images[:, :, up], images[:, :, down])
    )
    b = b[:, None]
    return as_pixels((1 - b) * upper + b * lower, images.dtype)


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
    answers: Answers, images: Images, fraction: float
) -> Float32[NumpyArray, "batch classes"]:
    """The logits of the central part of each image.

    `answers` is the network: a function from images to logits. Use it for a network
    that was trained with `RandomResizedCrop`, which enlarges what it shows: objects
    then have about the same size in prediction as they had in training.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  (batch, classes), float32

    Units
        fraction  of the height and of the width, see `center_crop`

    Source
        Touvron, Vedaldi, Douze, Jegou (2019), Fixing the train-test resolution
        discrepancy, section 3.
    """
    parts = range(0, max(len(images), 1), PART)
    found = [
        answers(center_crop(images[start : start + PART], fraction)) for start in parts
    ]
    return np.concatenate(found)
