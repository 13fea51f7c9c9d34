"""Fit images of any shape to the network's size (Pillow, bilinear with antialiasing).

    crop     the largest part in the centre that has the target's aspect ratio, resized;
             the same as resizing by the shorter side and cropping the centre
    pad      the whole image, resized by the longer side, in the centre; the rest has
             the mean colour of the outermost pixels of the resized image
    stretch  the whole image, each side resized independently

For an image of the target's aspect ratio all three are the same.
"""

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from handgrad.arrays import Pair
from handgrad.errors import ConfigError
from handgrad.ranges import shown

if TYPE_CHECKING:
    from PIL import Image

Fit = Literal["crop", "pad", "stretch"]
FITS: tuple[Fit, ...] = get_args(Fit)
USUAL: Fit = "crop"
BEFORE: Fit = "stretch"  # of runs from before there was a choice


def fit_named(name: str | None) -> Fit:
    """The fit of this name, by default "crop"; ConfigError for an unknown one."""
    if name is None:
        return USUAL
    for fit in FITS:
        if isinstance(name, str) and name == fit:
            return fit
    raise ConfigError(
        f"fit (--fit) must be crop, pad or stretch, got {shown(name)}. Give one of "
        "these."
    )


def fitted(image: "Image.Image", size: Pair, fit: Fit) -> "Image.Image":
    """Return the image, grey or RGB, with `size`: (height, width) in pixels.

    An image of this size already is returned unchanged.
    """
    height, width = size
    if image.size == (width, height):
        return image
    if fit == "crop":
        return _resized(image, size, _centre(image, size))
    if fit == "stretch":
        return _resized(image, size)
    return _padded(_resized(image, _inside(image, size)), size)


def _resized(
    image: "Image.Image", size: Pair, box: tuple[float, ...] | None = None
) -> "Image.Image":
    from PIL import Image

    part = None if box is None else (box[0], box[1], box[2], box[3])
    return image.resize((size[1], size[0]), Image.Resampling.BILINEAR, part)


def _centre(image: "Image.Image", size: Pair) -> tuple[float, ...]:
    """The part to keep: left, top, right and bottom; a fraction of a pixel counts."""
    height, width = size
    kept_width = min(image.width, image.height * width / height)
    kept_height = min(image.height, image.width * height / width)
    left, top = (image.width - kept_width) / 2, (image.height - kept_height) / 2
    return left, top, left + kept_width, top + kept_height


def _inside(image: "Image.Image", size: Pair) -> Pair:
    """The largest (height, width) of the image's aspect ratio within `size`."""
    height, width = size
    if image.width * height > image.height * width:
        return max(1, round(image.height * width / image.width)), width
    return height, max(1, round(image.width * height / image.height))


def _padded(image: "Image.Image", size: Pair) -> "Image.Image":
    """Put the image in the centre of one that has the mean colour of its border."""
    from PIL import Image

    pixels = np.asarray(image)
    is_border = np.ones(pixels.shape[:2], dtype=bool)
    is_border[1:-1, 1:-1] = False
    colour = np.rint(pixels[is_border].mean(axis=0)).astype(int).tolist()
    fill = tuple(colour) if isinstance(colour, list) else colour
    whole = Image.new(image.mode, (size[1], size[0]), fill)
    whole.paste(image, ((size[1] - image.width) // 2, (size[0] - image.height) // 2))
    return whole
