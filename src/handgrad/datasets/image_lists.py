"""Images in memory as Pillow or a list has them, brought to one size and form."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.errors import ShapeError

if TYPE_CHECKING:
    from PIL import Image

DEEP = ("I", "F")  # first letters of the modes with more than 8 bits per channel


def alike(values: Any) -> Any:
    """Images of Pillow as arrays, read as files are; everything else as it is.

    One image, or a list or tuple of them: rotated by the EXIF orientation, palettes
    replaced by their colours, transparency composited over white, CMYK converted to
    RGB, and all in colour unless all are grey. Images of more than 8 bits per channel
    keep their numbers. ShapeError for a list of images of different sizes.

    Shapes
        value  (height, width) or (height, width, 3), uint8; of a list (count, ...)
    """
    if _is_image(values):
        return _arrays([values])[0]
    if not isinstance(values, list | tuple) or not len(values):
        return values
    if all(map(_is_image, values)):
        found = _arrays(values)
        _check_shapes(found)
        return np.stack(found)
    if all(hasattr(value, "shape") for value in values):
        _check_shapes(values)
    return values


def _is_image(value: Any) -> bool:
    """Whether it is an image of Pillow, which is imported if there is one."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


def _arrays(images: "Sequence[Image.Image]") -> list[Any]:
    from PIL import ImageOps

    from handgrad.datasets.image_decoding import is_grey, plain

    if any(image.mode.startswith(DEEP) for image in images):
        return [np.asarray(image) for image in images]
    upright = [ImageOps.exif_transpose(image) for image in images]
    mode = "L" if all(map(is_grey, upright)) else "RGB"
    return [np.asarray(plain(image, mode)) for image in upright]


def _check_shapes(values: Sequence[Any]) -> None:
    """ShapeError for the first array of another shape than the first of all."""
    first = tuple(values[0].shape)
    for place, value in enumerate(values):
        if tuple(value.shape) != first:
            raise ShapeError(
                f"Example {place}, counted from 0, has shape {tuple(value.shape)}, but "
                f"example 0 has {first}. Bring all to one size, or load image files by "
                "datasets.load(FOLDER, image_size=(height, width))."
            )
