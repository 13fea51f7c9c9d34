"""Untrusted images: four formats, with fewer pixels than a file may have.

`image_decoding` reads every format that is safe to read from one's own disk. Here the
header is checked before anything is decoded, against limits of a server's memory.
"""

from io import BytesIO

import numpy as np
from PIL import Image

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets.image_decoding import decode, quiet_decoder, read_header
from handgrad.datasets.image_fit import USUAL, Fit
from handgrad.errors import DatasetError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
PIXEL_LIMIT = 16_000_000
ALPHA_LIMIT = 8_000_000  # of an image that is composited over white
LARGEST_SIDE = 256  # pixels of an image that is kept
NAME = "This image"


def check_untrusted(content: bytes) -> None:
    """DatasetError for another format, or too many pixels; nothing is decoded."""
    try:
        with quiet_decoder(), Image.open(BytesIO(content), formats=FORMATS) as image:
            pixels, is_plain = image.width * image.height, image.mode in ("L", "RGB")
    except Exception as error:  # decoders raise nearly every kind of exception
        raise DatasetError(
            f"{NAME} is none of {', '.join(FORMATS)}, or it is damaged. Save it in one "
            "of these formats."
        ) from error
    limit = PIXEL_LIMIT if is_plain else ALPHA_LIMIT
    if pixels > limit:
        raise DatasetError(
            f"{NAME} has {pixels:,} pixels; the limit is {limit:,}. Reduce its size."
        )


def decode_untrusted(
    content: bytes, shape: Shape, bit_depth: int = 16, *, fit: Fit = USUAL
) -> NumpyArray:
    """Check an image and decode it, as `image_decoding.decode` does."""
    check_untrusted(content)
    with quiet_decoder():
        return decode(content, NAME, shape, bit_depth, fit=fit)


def small_png(content: bytes) -> bytes:
    """The image as a small PNG, without anything else that the file held."""
    check_untrusted(content)
    with quiet_decoder():
        header = read_header(content, NAME)
    height, width = header.size
    part = min(1.0, LARGEST_SIDE / max(height, width))
    size = (max(1, round(height * part)), max(1, round(width * part)))
    return png_of(decode_untrusted(content, (1 if header.is_grey else 3, *size)))


def png_of(pixels: NumpyArray) -> bytes:
    """Encode an image.

    Shapes
        pixels  (channels, height, width), uint8
    """
    out = BytesIO()
    grey_or_colour = pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)
    Image.fromarray(np.ascontiguousarray(grey_or_colour)).save(out, "PNG")
    return out.getvalue()
