"""Bilinear resampling: the geometry of one affine map for each image."""

import numpy as np
from jaxtyping import Float32, Float64

from handgrad.arrays import NumpyArray, Shape
from handgrad.augmentation.pixel_values import as_pixels
from handgrad.augmentation.source_coordinates import Images

Affine = Float32[NumpyArray, "batch 2 3"]
ONE = np.float32(1)


def resample(images: Images, affine: Affine) -> Images:
    """Read each image at the positions of an affine map, by bilinear interpolation.

    Beyond the border the image is reflected, border pixels included: `1 0 | 0 1 2`.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        affine   (batch, 2, 3): to rows and columns from (row, column, 1), in pixels
        outputs  like images

    Equations
        v, u = affine @ (y, x, 1)                  float32, from left to right
        outputs[y, x] = (1 - b) * upper + b * lower           b = v - floor(v)
        upper = (1 - a) * image[i, j] + a * image[i, j + 1]   a = u - floor(u)
        lower = (1 - a) * image[i + 1, j] + a * image[i + 1, j + 1]
        i, j = floor(v), floor(u); bytes are rounded to the nearest
    """
    outputs = np.empty_like(images)
    for number, (image, numbers) in enumerate(zip(images, affine, strict=True)):
        outputs[number] = _resample_one(image, numbers)
    return outputs


def about_the_centre(
    linear: Float64[NumpyArray, "batch 2 2"],
    image_shape: Shape,
    shift: Float64[NumpyArray, "batch 2"] | float = 0.0,
) -> Affine:
    """The affine map that applies `linear` about the centre, then adds `shift`.

    Equations
        affine @ (p, 1) = centre + linear @ (p - centre) + shift    p = (row, column)
        centre = ((height, width) - 1) / 2
        shift is a fraction of the height and of the width
    """
    sides = np.array(image_shape[-2:], dtype=np.float64)
    centre = (sides - 1) / 2
    moved = linear[:, :, 0] * centre[0] + linear[:, :, 1] * centre[1]
    offset = centre - moved + shift * sides
    return np.concatenate([linear, offset[:, :, None]], axis=2).astype(np.float32)


def fold(places: NumpyArray, length: int) -> NumpyArray:
    """The place of an image's row or column that is seen at any whole number.

    Equations
        fold(p) = q if q < length else 2 * length - 1 - q    q = p mod 2 * length
    """
    places = places % (2 * length)
    folded: NumpyArray = np.minimum(places, 2 * length - 1 - places)
    return folded


def _resample_one(image: NumpyArray, numbers: NumpyArray) -> NumpyArray:
    _, height, width = image.shape
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :]
    (v, up, down), (u, left, right) = (
        neighbours((a * y + b * x) + c, length)
        for (a, b, c), length in zip(numbers, (height, width), strict=True)
    )
    upper = (ONE - u) * image[:, up, left] + u * image[:, up, right]
    lower = (ONE - u) * image[:, down, left] + u * image[:, down, right]
    return as_pixels((ONE - v) * upper + v * lower, image.dtype)


def neighbours(
    places: NumpyArray, length: int
) -> tuple[NumpyArray, NumpyArray, NumpyArray]:
    """The fraction beyond the pixel before `places`, that pixel, and the next."""
    floor = np.floor(places)
    first = floor.astype(np.int64)
    return places - floor, fold(first, length), fold(first + 1, length)
